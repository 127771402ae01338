create or replace function inspect.cancel_job_as(actor_kind text, actor_id text, job_id uuid) returns text
-- A state-only job that runs holds its row until it commits: who asks does not wait for that for ever.
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  job record;
  why jsonb := jsonb_build_object('name', 'Cancelled', 'message', 'cancelled by ' || concat_ws(':', actor_kind, actor_id), 'stack', null);
begin
  -- Twice: pg-boss fails a job by replacing its row, and who waits for the old row does not see the new one.
  for try in 1 .. 2 loop
    select c.name, c.state, c.retry_count, c.started_on into job from pgboss.job_common c
    where c.name = inspect.kind_of_job(cancel_job_as.job_id) and c.id = cancel_job_as.job_id for update;
    exit when found;
  end loop;
  if job.name is null then
    raise exception 'there is no job %', job_id using errcode = 'P0002';
  end if;
  if job.state > 'active' then
    raise exception 'the job is %: nothing is left to cancel', job.state using errcode = '55000';
  end if;
  update pgboss.job_common c set state = 'cancelled', completed_on = pgboss.job_now(), output = why
  where c.name = job.name and c.id = cancel_job_as.job_id;
  -- Without this, a kind with one queued job per key could never queue this key again.
  delete from public.job_keys k where k.kind = job.name and k.job_id = cancel_job_as.job_id;
  if job.state = 'active' then
    insert into public.job_attempts (job_id, attempt, kind, outcome, worker_id, started_at, ended_at, error)
    values (cancel_job_as.job_id, job.retry_count + 1, job.name, 'lost', null, job.started_on, pgboss.job_now(), why);
  end if;
  perform inspect.note_action(actor_kind, actor_id, 'cancel', cancel_job_as.job_id::text,
    jsonb_build_object('kind', job.name, 'was', job.state));
  return case when job.state = 'active' then 'processing' else 'queued' end;
end $$;
comment on function inspect.cancel_job_as is 'inspect.cancel_job in the name of an actor; for API and CLI';
revoke execute on function inspect.cancel_job_as from public;

create or replace function inspect.cancel_job(job_id uuid) returns text
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select inspect.cancel_job_as('dba', session_user::text, job_id)
$$;
comment on function inspect.cancel_job is 'Ends a job that is not done: a queued one at once; a running one loses its claim (its effects roll back) and its handler hears of it within 5 s. Returns queued or processing: what it was';
revoke execute on function inspect.cancel_job from public;
