create or replace view inspect.stuck_job as
select j.name as kind, j.id, 'its worker is silent' as why, j.heartbeat_on as since, pgboss.job_now() - j.heartbeat_on as stuck_for
from pgboss.job_common j
where j.state = 'active' and j.heartbeat_on + (j.heartbeat_seconds + 5) * interval '1 second' < pgboss.job_now()
union all
select j.name, j.id, 'runs longer than its timeout', j.started_on, pgboss.job_now() - j.started_on
from pgboss.job_common j
where j.state = 'active' and j.started_on + (j.expire_seconds + 10) * interval '1 second' < pgboss.job_now()
union all
select q.name, w.id, case when k.worked then 'due for more than a minute' else 'no living worker works this kind' end,
       w.start_after, pgboss.job_now() - w.start_after
from pgboss.queue q
cross join lateral (
  select exists (
    select 1 from public.workers v
    where v.stopped_at is null and v.last_seen > pgboss.job_now() - interval '10 seconds' and q.name = any (v.kinds)) as worked) k
cross join lateral (
  select j.id, j.start_after from pgboss.job_common j
  where j.name = q.name and j.state < 'active' and not j.blocked
    and j.start_after < pgboss.job_now() - case when k.worked then interval '1 minute' else interval '10 seconds' end
  limit 100) w
where not exists (
  select 1 from public.queue_pauses p
  where p.kind = q.name and (p.until_at is null or p.until_at > pgboss.job_now()));
comment on view inspect.stuck_job is 'Jobs that should run or have ended by now and why they did not; of the waiting ones at most 100 per kind. Paused kinds are left out';
