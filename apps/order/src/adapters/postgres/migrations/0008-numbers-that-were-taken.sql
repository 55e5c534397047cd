-- A number that a person gave for a parcel, and that is the carrier's for another order's label.
alter table manual_tasks drop constraint manual_tasks_kind_check;
alter table manual_tasks add constraint manual_tasks_kind_check check (kind in ('stuck_saga', 'parcel_lost', 'overdue', 'tracking_taken', 'disagreement'));
