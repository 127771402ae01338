-- One row of pg-boss in our words, without any join: the API searches it kind by kind along the primary key (name, id).
create or replace view inspect.job_line as
select id, name as kind, inspect.job_state(state, start_after) as state, state as raw_state, blocked, priority, data as payload,
       case when started_on is null then 0 else retry_count + 1 end as attempts,
       case when started_on is null then retry_limit + 1 else greatest(0, retry_limit - retry_count) end as attempts_left,
       start_after as due_at, created_on as created_at, started_on as started_at, completed_on as finished_at,
       heartbeat_on as heartbeat_at, heartbeat_seconds, expire_seconds as timeout_seconds,
       output ->> 'worker' as worker_id, coalesce(output ->> 'message', output -> 'value' ->> 'message') as error, output
from pgboss.job_common;
comment on view inspect.job_line is 'What inspect.job is made of; use inspect.job';

-- Joined with the queues, so that a look-up by id alone goes through the primary key (name, id) once per queue. One
-- branch per state: with a condition on the state the planner leaves the other branches out, and the waiting and running
-- jobs are found without reading the finished ones.
create or replace view inspect.job as
with line as not materialized (
  select l.* from pgboss.queue q join inspect.job_line l on l.kind = q.name
)
select id, kind, state, priority, payload, attempts, attempts_left, due_at, created_at, started_at, finished_at,
       heartbeat_at, heartbeat_seconds, timeout_seconds, worker_id, error, output
from line where raw_state < 'active' and not blocked
union all
select id, kind, 'processing', priority, payload, attempts, attempts_left, due_at, created_at, started_at, finished_at,
       heartbeat_at, heartbeat_seconds, timeout_seconds, worker_id, error, output
from line where raw_state = 'active'
union all
select id, kind, 'completed', priority, payload, attempts, attempts_left, due_at, created_at, started_at, finished_at,
       heartbeat_at, heartbeat_seconds, timeout_seconds, worker_id, error, output
from line where raw_state = 'completed'
union all
select id, kind, 'cancelled', priority, payload, attempts, attempts_left, due_at, created_at, started_at, finished_at,
       heartbeat_at, heartbeat_seconds, timeout_seconds, worker_id, error, output
from line where raw_state = 'cancelled'
union all
select id, kind, 'failed', priority, payload, attempts, attempts_left, due_at, created_at, started_at, finished_at,
       heartbeat_at, heartbeat_seconds, timeout_seconds, worker_id, error, output
from line where raw_state = 'failed';
comment on view inspect.job is 'Every job that is kept: waiting ones for ever, finished ones for 7 days. Ask with id, with state, or with kind and a range of id (inspect.first_job_id(time))';
comment on column inspect.job.state is 'queued (due), delayed (due later), retrying (failed, waits for its next attempt), processing, completed, cancelled, failed (see dead_letter)';
comment on column inspect.job.attempts is 'Attempts that have begun';
comment on column inspect.job.error is 'Message of the last failed attempt';

-- Autovacuum never comes to a table of a few rows: without this the planner takes the queues for hundreds.
analyze pgboss.queue;
