-- Reads the partial indexes of waiting and running jobs: the cost grows with the backlog, not with the finished jobs.
create or replace view inspect.queue_depth as
select q.name as kind,
       coalesce(w.queued, 0) as queued, coalesce(w.delayed, 0) as delayed, coalesce(w.retrying, 0) as retrying,
       coalesce(a.processing, 0) as processing, coalesce(d.dead, 0) as dead,
       w.oldest_due_at, pgboss.job_now() - w.oldest_due_at as oldest_age,
       p.kind is not null as paused, p.reason as pause_reason, p.paused_by, p.paused_at, p.until_at as paused_until
from pgboss.queue q
left join (
  select name,
         count(*) filter (where state = 'created' and start_after <= pgboss.job_now()) as queued,
         count(*) filter (where state = 'created' and start_after > pgboss.job_now()) as delayed,
         count(*) filter (where state = 'retry') as retrying,
         min(start_after) filter (where start_after <= pgboss.job_now()) as oldest_due_at
  from pgboss.job_common where state < 'active' and not blocked group by name) w on w.name = q.name
left join (
  select name, count(*) as processing from pgboss.job_common where state = 'active' group by name) a on a.name = q.name
left join (
  select kind, count(*) as dead from public.dead_letters
  where redriven_at is null and discarded_at is null group by kind) d on d.kind = q.name
left join public.queue_pauses p on p.kind = q.name and (p.until_at is null or p.until_at > pgboss.job_now());
comment on view inspect.queue_depth is 'What waits, runs and lies dead per kind of job, and which kinds are paused by whom';
comment on column inspect.queue_depth.dead is 'Dead letters that nobody has redriven or discarded';
comment on column inspect.queue_depth.oldest_age is 'How long the oldest due job has been waiting';
