create or replace view inspect.dead_letter as
select id, kind,
       case when redriven_at is not null then 'redriven' when discarded_at is not null then 'discarded' else 'open' end as state,
       error_class, error ->> 'message' as error, attempts, first_failed_at, last_failed_at, payload, job_id,
       redriven_at, redriven_by, redriven_as, discarded_at, discarded_by, discard_reason, error ->> 'stack' as stack
from public.dead_letters;
comment on view inspect.dead_letter is 'Jobs that used up their attempts. inspect.redrive(id) makes a new job of one, inspect.redrive_matching(...) of many';
comment on column inspect.dead_letter.redriven_as is 'The new job; look at it in inspect.job';
