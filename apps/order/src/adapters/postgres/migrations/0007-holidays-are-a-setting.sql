-- The setting HOLIDAYS holds for every service that counts business days. The table stays for a version before it that is put back.
comment on table holidays is 'Read by no version since the setting HOLIDAYS.';
