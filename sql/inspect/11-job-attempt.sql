-- A split set completes its job row and has its own line in the history: it is not counted twice.
create or replace view inspect.job_attempt as
select job_id, attempt, kind, outcome, worker_id, started_at, ended_at, error ->> 'message' as error, error as error_detail
from public.job_attempts
union all
select id, attempts, kind, 'completed', worker_id, started_at, finished_at, null, null
from inspect.job where state = 'completed' and not coalesce(output ? 'split', false)
union all
select id, attempts, kind, 'running', null, started_at, null, null, null
from inspect.job where state = 'processing';
comment on view inspect.job_attempt is 'Every attempt of every job. Failed attempts are kept for 30 days, successful ones as long as their job (7 days). Ask with job_id';
comment on column inspect.job_attempt.outcome is 'running, completed, retry, snoozed (put off by the handler), lost (worker silent or job cancelled), timed_out, split (into one job per member), handed_back (deploy, or the database went away), dead';
