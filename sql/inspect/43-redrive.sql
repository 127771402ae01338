-- Filter of dead letters, the same for API, CLI and SQL: { ids, kind, errorClass, errorLike, from, to, payload }.
create or replace function inspect.open_letters(filter jsonb)
returns table (id uuid, kind text, error_class text, last_failed_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select d.id, d.kind, d.error_class, d.last_failed_at from public.dead_letters d
  where d.redriven_at is null and d.discarded_at is null
    and (filter ->> 'ids' is null or d.id = any (array(select jsonb_array_elements_text(filter -> 'ids')::uuid)))
    and (filter ->> 'kind' is null or d.kind = filter ->> 'kind')
    and (filter ->> 'errorClass' is null or d.error_class = filter ->> 'errorClass')
    and (filter ->> 'errorLike' is null or d.error ->> 'message' ilike filter ->> 'errorLike')
    and (filter ->> 'from' is null or d.last_failed_at >= (filter ->> 'from')::timestamptz)
    and (filter ->> 'to' is null or d.last_failed_at < (filter ->> 'to')::timestamptz)
    and (filter -> 'payload' is null or d.payload @> (filter -> 'payload'))
$$;
comment on function inspect.open_letters is 'Dead letters that nobody has redriven or discarded and that match the filter';
revoke execute on function inspect.open_letters from public;

-- The one implementation of redrive. The guard is checked on the locked rows, in the order of their ids: of two redrives
-- of one dead letter the second finds nothing, and two overlapping sets never wait for each other in a circle.
create or replace function inspect.redrive_letters(redriven_by text, ids uuid[], per_second numeric)
returns table (dead_letter_id uuid, job_id uuid, kind text, error_class text, start_at timestamptz)
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  with held as (
    select d.id, d.last_failed_at from public.dead_letters d
    where d.id = any (ids) and d.redriven_at is null and d.discarded_at is null
      and d.kind in (select q.name from pgboss.queue q)
    order by d.id for update
  ), placed as (
    select held.id, pgboss.job_now() + ((row_number() over (order by held.last_failed_at, held.id) - 1) / per_second) * interval '1 second' as start_at
    from held
  ), letter as (
    update public.dead_letters d
    set redriven_at = pgboss.job_now(), redriven_by = redrive_letters.redriven_by, redriven_as = inspect.new_job_id(placed.start_at)
    from placed where d.id = placed.id
    returning d.id, d.job_id as old_id, d.redriven_as as new_id, d.kind, d.error_class, d.payload, placed.start_at
  ), job as (
    insert into pgboss.job (id, name, data, priority, start_after, created_on, expire_seconds, deletion_seconds, keep_until,
      retry_limit, retry_delay, retry_backoff, retry_delay_max, policy, dead_letter, heartbeat_seconds)
    select l.new_id, q.name, l.payload, coalesce(old.priority, 0), l.start_at, pgboss.job_now(), q.expire_seconds, q.deletion_seconds,
      l.start_at + q.retention_seconds * interval '1 second', q.retry_limit, q.retry_delay, q.retry_backoff, q.retry_delay_max,
      q.policy, q.dead_letter, q.heartbeat_seconds
    from letter l
    join pgboss.queue q on q.name = l.kind
    left join pgboss.job_common old on old.name = l.kind and old.id = l.old_id
  )
  select id, new_id, kind, error_class, start_at from letter
$$;
comment on function inspect.redrive_letters is 'Makes one new job per open dead letter, started at most per_second a second, with the settings that its queue has now';
revoke execute on function inspect.redrive_letters from public;

create or replace function inspect.redrive_matching_as(actor_kind text, actor_id text, filter jsonb, max_jobs integer, per_second numeric, preview boolean)
returns table (kind text, error_class text, matching bigint, redriven bigint, first_start_at timestamptz, last_start_at timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  result jsonb;
begin
  if jsonb_strip_nulls(filter) = '{}' then
    raise exception 'say which dead letters: give at least one filter' using errcode = '22023';
  end if;
  if (max_jobs between 1 and 100000 and per_second > 0 and per_second <= 100000) is not true then
    raise exception 'the limit is 1 to 100000 and the rate above 0 up to 100000 a second' using errcode = '22023';
  end if;
  if preview then
    return query select l.kind, l.error_class, count(*), 0::bigint, null::timestamptz, null::timestamptz
      from inspect.open_letters(filter) l group by 1, 2 order by 3 desc, 1, 2;
    return;
  end if;
  with letter as (
    select l.id, l.kind, l.error_class, l.last_failed_at from inspect.open_letters(filter) l
  ), done as (
    select r.* from inspect.redrive_letters(concat_ws(':', actor_kind, actor_id),
      array(select id from letter order by last_failed_at, id limit max_jobs), per_second) r
  ), total as (
    select l.kind, l.error_class, count(*) as matching, count(d.job_id) as redriven, min(d.start_at) as first_start_at, max(d.start_at) as last_start_at
    from letter l left join done d on d.dead_letter_id = l.id group by 1, 2
  )
  select coalesce(jsonb_agg(total order by matching desc, kind, error_class), '[]') into result from total;
  perform inspect.note_action(actor_kind, actor_id, 'redrive', coalesce(filter ->> 'kind', 'dead letters'),
    jsonb_build_object('filter', filter, 'limit', max_jobs, 'perSecond', per_second,
      'redriven', (select coalesce(sum((r ->> 'redriven')::bigint), 0) from jsonb_array_elements(result) r)));
  perform pg_notify('antre_jobs', kinds.list)
  from (select string_agg(distinct r ->> 'kind', ',') as list from jsonb_array_elements(result) r where (r ->> 'redriven')::bigint > 0) kinds
  where kinds.list is not null;
  return query select r.* from jsonb_to_recordset(result) as r
    (kind text, error_class text, matching bigint, redriven bigint, first_start_at timestamptz, last_start_at timestamptz);
end $$;
comment on function inspect.redrive_matching_as is 'inspect.redrive_matching in the name of an actor; for API and CLI';
revoke execute on function inspect.redrive_matching_as from public;

create or replace function inspect.redrive_matching(kind text default null, error_class text default null, error_like text default null,
  failed_from timestamptz default null, failed_to timestamptz default null, payload jsonb default null,
  max_jobs integer default 1000, per_second numeric default 50, preview boolean default false)
returns table (kind_of_job text, class text, matching bigint, redriven bigint, first_start_at timestamptz, last_start_at timestamptz)
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select * from inspect.redrive_matching_as('dba', session_user::text,
    jsonb_strip_nulls(jsonb_build_object('kind', kind, 'errorClass', error_class, 'errorLike', error_like, 'from', failed_from, 'to', failed_to))
      || case when payload is null then '{}' else jsonb_build_object('payload', payload) end,
    max_jobs, per_second, preview)
$$;
comment on function inspect.redrive_matching is 'New jobs for the open dead letters that match, the oldest first, at most max_jobs, per_second a second. error_like is an ilike pattern, payload must be contained. preview => true only counts';
revoke execute on function inspect.redrive_matching from public;

create or replace function inspect.redrive(dead_letter_id uuid) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  letter record;
  done bigint;
begin
  select d.* into letter from public.dead_letters d where d.id = redrive.dead_letter_id;
  if not found then
    raise exception 'there is no dead letter %', dead_letter_id using errcode = 'P0002';
  end if;
  select coalesce(sum(r.redriven), 0) into done
  from inspect.redrive_matching_as('dba', session_user::text, jsonb_build_object('ids', jsonb_build_array(dead_letter_id)), 1, 1, false) r;
  if done = 0 then
    raise exception 'the dead letter was redriven or discarded before, or its queue is gone' using errcode = '55000',
      hint = format('select * from inspect.dead_letter where id = %L', dead_letter_id);
  end if;
  return (select d.redriven_as from public.dead_letters d where d.id = redrive.dead_letter_id);
end $$;
comment on function inspect.redrive is 'Makes a new job of one dead letter, due now, and returns its id. A dead letter is redriven once';
revoke execute on function inspect.redrive from public;
