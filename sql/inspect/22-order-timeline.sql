-- Jobs of an order fall due after it was created, and their ids carry that moment: only that range of the primary key is
-- read. Of an old order in a busy week it reads many jobs; each kind gives at most 200.
create or replace function inspect.order_timeline(order_id uuid)
returns table (at timestamptz, what text, name text, outcome text, detail text, ref uuid)
language sql stable security definer set search_path = pg_catalog, pg_temp set jit = off as $$
  with o as (select id, created_at from public.orders where id = order_timeline.order_id),
  j as (
    select found.* from o cross join pgboss.queue q
    cross join lateral (
      select c.* from pgboss.job_common c
      where c.name = q.name and c.name <> 'dead' and c.id >= inspect.first_job_id(o.created_at)
        and (c.data -> 'orderIds' ? o.id::text or c.data ->> 'orderId' = o.id::text)
      limit 200) found),
  d as (
    select l.* from o join public.dead_letters l on l.last_failed_at >= o.created_at
    where l.payload -> 'orderIds' ? o.id::text or l.payload ->> 'orderId' = o.id::text)
  select l.* from (
    select e.created_at, 'event', e.transition, e.status, concat_ws(' ', e.actor_kind, e.reason), null::uuid
    from public.order_events e where e.order_id = order_timeline.order_id
    union all
    select j.created_on, 'job', j.name, inspect.job_state(j.state, j.start_after), 'due ' || j.start_after, j.id from j
    union all
    select a.ended_at, 'attempt', a.kind, a.outcome, concat_ws(': ', 'attempt ' || a.attempt, a.error ->> 'message'), a.job_id
    from j cross join lateral (select * from public.job_attempts t where t.job_id = j.id) a
    union all
    select coalesce(j.completed_on, j.started_on), 'attempt', j.name, case j.state when 'active' then 'running' else 'completed' end,
           'attempt ' || j.retry_count + 1, j.id
    from j where j.state = 'active' or j.state = 'completed' and not coalesce(j.output ? 'split', false)
    union all
    select d.last_failed_at, 'dead letter', d.kind, d.error_class, d.error ->> 'message', d.id from d
    union all
    select d.redriven_at, 'redrive', d.kind, 'new job', 'by ' || d.redriven_by, d.redriven_as from d where d.redriven_at is not null
  ) l (at, what, name, outcome, detail, ref)
  order by l.at, array_position(array['event', 'job', 'attempt', 'dead letter', 'redrive'], l.what)
$$;
comment on function inspect.order_timeline is 'Everything that happened to one order, oldest first: its events, its jobs, their attempts, dead letters and redrives';
revoke execute on function inspect.order_timeline from public;
