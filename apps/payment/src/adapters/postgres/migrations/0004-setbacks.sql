-- Work that fails again and again is shown to a person, like everything else that needs one.
alter table manual_tasks drop constraint manual_tasks_kind_check;
alter table manual_tasks add constraint manual_tasks_kind_check check (kind in ('unknown_operation', 'failed_refund', 'failed_transfer', 'failed_payout', 'unmatched_line', 'stuck_work'));

-- How often the bank has been changed: it makes the key of the next change, and tells whether one has come in between.
alter table payout_accounts add column bank_changes int not null default 0;
