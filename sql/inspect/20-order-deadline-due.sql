-- Two short lists by index orders_due: what the sweep has yet to take, and what it took and nothing moved since. The dead
-- letters of the second list say whether its job died.
create or replace view inspect.order_deadline_due as
with dead as materialized (
  select distinct on (member) member as order_id, d.id as dead_letter_id, d.discarded_at is not null as discarded
  from public.dead_letters d
  cross join lateral jsonb_array_elements_text(d.payload -> 'orderIds') as member
  where d.redriven_at is null and jsonb_typeof(d.payload -> 'orderIds') = 'array'
  order by member, d.last_failed_at desc
)
select o.id as order_id, o.code, o.flow, o.status, o.deadline_at, pgboss.job_now() - o.deadline_at as overdue_for,
       null::timestamptz as queued_at, 'waits for the sweep' as why, null::uuid as dead_letter_id
from public.orders o
where o.deadline_at <= pgboss.job_now() and o.deadline_queued_at is null
union all
select o.id, o.code, o.flow, o.status, o.deadline_at, pgboss.job_now() - o.deadline_at, o.deadline_queued_at,
       case when d.discarded then 'its job died and was discarded'
            when d.order_id is not null then 'its job died: inspect.redrive(dead_letter_id)'
            else 'its job is queued: inspect.order_timeline(order_id)' end,
       d.dead_letter_id
from public.orders o
left join dead d on d.order_id = o.id::text
where o.deadline_queued_at is not null and o.closed_at is null and o.deadline_at <= pgboss.job_now();
comment on view inspect.order_deadline_due is 'Orders whose deadline has passed and that have not moved, and where they hang';
comment on column inspect.order_deadline_due.queued_at is 'When the sweep raised the job; null: it has not yet';
