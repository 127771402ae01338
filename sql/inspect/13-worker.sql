create or replace view inspect.worker as
select id, host, pid,
       case when stopped_at is not null then 'stopped'
            when last_seen > pgboss.job_now() - interval '10 seconds' then 'alive'
            else 'gone' end as state,
       kinds, started_at, last_seen, stopped_at, running, processed, failed,
       round(processed::numeric / nullif(processed + failed, 0), 4) as success_rate
from public.workers;
comment on view inspect.worker is 'Worker processes by their heartbeat of every 2 s; gone: silent for 10 s without having said goodbye';
