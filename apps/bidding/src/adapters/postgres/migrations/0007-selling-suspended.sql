-- False until the user service tells otherwise. The effect of such a suspension has the scope `selling` as its detail.
alter table trader_states add column selling_suspended boolean not null default false;
