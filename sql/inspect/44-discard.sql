create or replace function inspect.discard_matching_as(actor_kind text, actor_id text, filter jsonb, reason text, max_letters integer, preview boolean)
returns table (kind text, error_class text, matching bigint, discarded bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  who text := concat_ws(':', actor_kind, actor_id);
  result jsonb;
begin
  if jsonb_strip_nulls(filter) = '{}' then
    raise exception 'say which dead letters: give at least one filter' using errcode = '22023';
  end if;
  if preview then
    return query select l.kind, l.error_class, count(*), 0::bigint from inspect.open_letters(filter) l group by 1, 2 order by 3 desc, 1, 2;
    return;
  end if;
  with letter as (
    select l.id, l.kind, l.error_class, l.last_failed_at from inspect.open_letters(filter) l
  ), held as (
    select d.id from public.dead_letters d
    where d.id in (select id from letter order by last_failed_at, id limit max_letters) and d.redriven_at is null and d.discarded_at is null
    order by d.id for update
  ), done as (
    update public.dead_letters d set discarded_at = pgboss.job_now(), discarded_by = who, discard_reason = discard_matching_as.reason
    from held where d.id = held.id returning d.id
  ), total as (
    select l.kind, l.error_class, count(*) as matching, count(done.id) as discarded
    from letter l left join done on done.id = l.id group by 1, 2
  )
  select coalesce(jsonb_agg(total order by matching desc, kind, error_class), '[]') into result from total;
  perform inspect.note_action(actor_kind, actor_id, 'discard', coalesce(filter ->> 'kind', 'dead letters'),
    jsonb_build_object('filter', filter, 'reason', reason,
      'discarded', (select coalesce(sum((r ->> 'discarded')::bigint), 0) from jsonb_array_elements(result) r)));
  return query select r.* from jsonb_to_recordset(result) as r (kind text, error_class text, matching bigint, discarded bigint);
end $$;
comment on function inspect.discard_matching_as is 'Marks dead letters as not worth a redrive; they are kept for 180 days. For the API';
revoke execute on function inspect.discard_matching_as from public;
