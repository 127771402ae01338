create or replace function inspect.pause_queue_as(actor_kind text, actor_id text, kind text, reason text, until timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
  perform inspect.require_queue(kind);
  if coalesce(trim(reason), '') = '' then
    raise exception 'say why: the reason is shown to everybody who wonders' using errcode = '22023';
  end if;
  if until <= pgboss.job_now() then
    raise exception 'until lies in the past' using errcode = '22023';
  end if;
  insert into public.queue_pauses as p (kind, reason, paused_by, paused_at, until_at)
  values (kind, reason, concat_ws(':', actor_kind, actor_id), pgboss.job_now(), until)
  on conflict on constraint queue_pauses_pkey do update
    set reason = excluded.reason, paused_by = excluded.paused_by, paused_at = excluded.paused_at, until_at = excluded.until_at;
  perform inspect.note_action(actor_kind, actor_id, 'pause', kind, jsonb_build_object('reason', reason, 'until', until));
end $$;
comment on function inspect.pause_queue_as is 'inspect.pause_queue in the name of an actor; for API and CLI';
revoke execute on function inspect.pause_queue_as from public;

create or replace function inspect.pause_queue(kind text, reason text, until timestamptz default null) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select inspect.pause_queue_as('dba', session_user::text, kind, reason, until)
$$;
comment on function inspect.pause_queue is 'No worker of the fleet starts jobs of this kind any more, within a second; what runs ends. Survives restarts. until: it resumes by itself';
revoke execute on function inspect.pause_queue from public;

create or replace function inspect.resume_queue_as(actor_kind text, actor_id text, kind text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
  perform inspect.require_queue(kind);
  delete from public.queue_pauses p where p.kind = kind;
  if not found then
    return false;
  end if;
  perform inspect.note_action(actor_kind, actor_id, 'resume', kind, null);
  perform pg_notify('antre_jobs', kind);
  return true;
end $$;
comment on function inspect.resume_queue_as is 'inspect.resume_queue in the name of an actor; for API and CLI';
revoke execute on function inspect.resume_queue_as from public;

create or replace function inspect.resume_queue(kind text) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select inspect.resume_queue_as('dba', session_user::text, kind)
$$;
comment on function inspect.resume_queue is 'Ends a pause; false when the kind was not paused';
revoke execute on function inspect.resume_queue from public;
