-- Empty until product has told it again: a market of before learns it with the next change of its product.
alter table markets add column category text not null default '';
