-- The span that asked for the operation: what is done at the provider belongs to the same trace.
alter table payment_op add column traceparent text;
