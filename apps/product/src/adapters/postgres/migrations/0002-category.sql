alter table products add column category text not null default 'sneakers' check (category ~ '^[a-z][a-z0-9-]{0,39}$');
alter table products alter column category drop default;
