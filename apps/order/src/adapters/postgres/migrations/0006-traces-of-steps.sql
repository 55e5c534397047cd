-- The span that asked for the step: what it makes others do belongs to the same trace.
alter table saga_steps add column traceparent text;
