create or replace view inspect.throughput_minute as
select minute, kind, sum(started) as started, sum(completed) as completed, sum(failed) as failed, sum(dead) as dead,
       count(*) as workers, round(sum(run_ms_total)::numeric / nullif(sum(completed), 0), 2) as avg_run_ms
from public.job_minutes
group by minute, kind;
comment on view inspect.throughput_minute is 'What the workers did per minute and kind, for 8 days. Ask with a range of minute';
comment on column inspect.throughput_minute.avg_run_ms is 'Run time per completed job; jobs of a batch share the time of the batch';
