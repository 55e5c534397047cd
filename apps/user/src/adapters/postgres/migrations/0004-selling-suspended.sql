-- Counted from the next strike on: nobody is suspended for strikes of before alone.
alter table users add column selling_suspended boolean not null default false;
