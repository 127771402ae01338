-- Security definer: pg_stat_activity tells other people's queries only to their owner.
create or replace function inspect.held_snapshots()
returns table (source text, pid integer, who text, application text, state text, since timestamptz, held_back_xids bigint, query text, remedy text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select 'session', a.pid, a.usename::text, a.application_name, a.state, coalesce(a.xact_start, a.backend_start),
         greatest(age(a.backend_xmin), age(a.backend_xid))::bigint, left(a.query, 300), format('select pg_terminate_backend(%s)', a.pid)
  from pg_stat_activity a
  where (a.backend_xmin is not null or a.backend_xid is not null) and a.pid <> pg_backend_pid()
    and a.datname = current_database() and a.backend_type <> 'walsender'
  union all
  select 'prepared transaction', null, p.owner::text, null, 'prepared', p.prepared, age(p.transaction)::bigint, null,
         format('rollback prepared %L', p.gid)
  from pg_prepared_xacts p where p.database = current_database()
  union all
  select 'replication slot', s.active_pid, s.slot_name::text, s.plugin::text, case when s.active then 'active' else 'inactive' end, null,
         greatest(age(s.xmin), age(s.catalog_xmin))::bigint, null, format('select pg_drop_replication_slot(%L)', s.slot_name)
  from pg_replication_slots s where s.xmin is not null or s.catalog_xmin is not null
  union all
  select 'standby', r.pid, r.usename::text, r.application_name, r.state, r.backend_start, age(r.backend_xmin)::bigint, null,
         'end the long query on the standby, or turn hot_standby_feedback off there'
  from pg_stat_replication r where r.backend_xmin is not null
$$;
comment on function inspect.held_snapshots is 'Rows of inspect.xmin_blocker; use that';
revoke execute on function inspect.held_snapshots from public;

create or replace view inspect.xmin_blocker as
select source, pid, who, application, state, since, clock_timestamp() - since as held_for, held_back_xids, query, remedy
from inspect.held_snapshots()
order by held_back_xids desc nulls last, since;
comment on view inspect.xmin_blocker is 'Who keeps vacuum from removing dead rows, the worst first, with its query and how to end it. Old entries make fetching jobs slow';
