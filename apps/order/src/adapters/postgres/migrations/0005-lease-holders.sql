-- Whose lease it is: the name of the connections of the process that took the step.
alter table saga_steps add column lease_holder text;
