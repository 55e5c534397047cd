-- Of the whole request that a key came with: another request under the same key is a mistake. None on what was written before this.
alter table order_events add column request_hash bytea;
