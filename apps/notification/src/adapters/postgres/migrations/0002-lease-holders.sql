-- Whose lease it is: the name of the connections of the process that took the row.
alter table messages add column lease_holder text;
