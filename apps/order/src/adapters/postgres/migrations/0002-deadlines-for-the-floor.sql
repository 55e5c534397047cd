alter table deadline_rules
  add column inspection_business_days integer not null default 2,
  add column handover_business_days integer not null default 2;

alter table manual_tasks drop constraint manual_tasks_kind_check;
alter table manual_tasks add constraint manual_tasks_kind_check check (kind in ('stuck_saga', 'parcel_lost', 'overdue', 'disagreement'));

-- Orders that stand there already have no such deadline yet. Four days are two business days or more.
insert into timers (order_id, kind, due_at)
  select id, case status when 'authenticating' then 'inspection' else 'handover' end, updated_at + interval '4 days' from orders
   where status in ('authenticating', 'auth_passed')
  on conflict do nothing;

-- What is lost of an order that went on is a claim upon the carrier, and no longer a decision about the order.
update manual_tasks m set subject = m.subject || '_claim' from orders o
 where o.id = m.order_id and m.kind = 'parcel_lost' and m.closed_at is null
   and (m.subject, o.status) not in (('inbound', 'seller_shipping'), ('outbound', 'shipping_to_buyer'));
