create or replace function inspect.retry_job_as(actor_kind text, actor_id text, job_id uuid) returns uuid
-- A state-only job that runs holds its row until it commits: who asks does not wait for that for ever.
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  job record;
  letter_id uuid;
begin
  -- Twice: pg-boss fails a job by replacing its row, and who waits for the old row does not see the new one.
  for try in 1 .. 2 loop
    select c.name, c.state into job from pgboss.job_common c
    where c.name = inspect.kind_of_job(retry_job_as.job_id) and c.id = retry_job_as.job_id for update;
    exit when found;
  end loop;
  if job.name is null then
    raise exception 'there is no job %', job_id using errcode = 'P0002';
  end if;
  if job.state in ('created', 'retry') then
    update pgboss.job_common c set start_after = least(c.start_after, pgboss.job_now())
    where c.name = job.name and c.id = retry_job_as.job_id;
    perform inspect.note_action(actor_kind, actor_id, 'retry', job_id::text, jsonb_build_object('kind', job.name, 'was', job.state));
    perform pg_notify('antre_jobs', job.name);
    return job_id;
  end if;
  select l.id into letter_id from public.dead_letters l
  where l.job_id = retry_job_as.job_id and l.redriven_at is null and l.discarded_at is null;
  if letter_id is null then
    raise exception 'the job is %: it cannot run again', job.state using errcode = '55000';
  end if;
  perform inspect.redrive_matching_as(actor_kind, actor_id, jsonb_build_object('ids', jsonb_build_array(letter_id)), 1, 1, false);
  return (select l.redriven_as from public.dead_letters l where l.id = letter_id);
end $$;
comment on function inspect.retry_job_as is 'A waiting job starts now; the dead letter of a failed one is redriven. Returns the id of the job that will run. For the API';
revoke execute on function inspect.retry_job_as from public;
