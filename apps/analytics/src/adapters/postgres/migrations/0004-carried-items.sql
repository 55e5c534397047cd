-- The id under which an imported item stood in its text: the same text again tells of the same item.
alter table portfolio_items add column carried_id uuid;
create unique index portfolio_items_carried on portfolio_items (user_id, carried_id);
