-- Joined with the queues, so that a look-up by id alone goes through the primary key (name, id) once per queue.
create or replace view inspect.job_row as
select j.id, j.name as kind, j.state as raw_state, j.priority, j.data as payload,
       case when j.started_on is null then 0 else j.retry_count + 1 end as attempts,
       case when j.started_on is null then j.retry_limit + 1 else greatest(0, j.retry_limit - j.retry_count) end as attempts_left,
       j.start_after as due_at, j.created_on as created_at, j.started_on as started_at, j.completed_on as finished_at,
       j.heartbeat_on as heartbeat_at, j.heartbeat_seconds, j.expire_seconds as timeout_seconds,
       j.output ->> 'worker' as worker_id, coalesce(j.output ->> 'message', j.output -> 'value' ->> 'message') as error, j.output
from pgboss.queue q
join pgboss.job_common j on j.name = q.name;
comment on view inspect.job_row is 'Columns of inspect.job with pg-boss'' own state; use inspect.job';

-- One branch per state: with a condition on the state the planner leaves the other branches out, and the waiting and
-- running jobs are found without reading the finished ones.
create or replace view inspect.job as
select case when raw_state = 'retry' then 'retrying' when due_at > pgboss.job_now() then 'delayed' else 'queued' end as state, r.*
from inspect.job_row r where raw_state < 'active'
union all select 'processing', r.* from inspect.job_row r where raw_state = 'active'
union all select 'completed', r.* from inspect.job_row r where raw_state = 'completed'
union all select 'cancelled', r.* from inspect.job_row r where raw_state = 'cancelled'
union all select 'failed', r.* from inspect.job_row r where raw_state = 'failed';
comment on view inspect.job is 'Every job that is kept: waiting ones for ever, finished ones for 7 days. Ask with id, with state, or with kind and a range of id (inspect.first_job_id(time))';
comment on column inspect.job.state is 'queued (due), delayed (due later), retrying (failed, waits for its next attempt), processing, completed, cancelled, failed (see dead_letter)';
comment on column inspect.job.attempts is 'Attempts that have begun';
comment on column inspect.job.error is 'Message of the last failed attempt';
