-- Whose lease it is: the name of the connections of the process that took the row.
alter table payment_op add column lease_holder text;
