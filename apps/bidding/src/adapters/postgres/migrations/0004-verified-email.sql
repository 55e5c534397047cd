-- False until the user service has said otherwise: where it is false, it is asked once before a quote is refused.
alter table trader_states add column email_verified boolean not null default false;
