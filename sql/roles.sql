-- Roles for people at psql. Roles belong to the whole server, so parallel migrations of its databases take turns.
select pg_advisory_xact_lock(740121);

do $$
begin
  if not exists (select 1 from pg_roles where rolname = 'antre_reader') then
    create role antre_reader nologin;
  end if;
  if not exists (select 1 from pg_roles where rolname = 'antre_dba') then
    create role antre_dba nologin;
  end if;
  -- A comment on a role writes to a catalog of the whole server: only when it is missing.
  if shobj_description((select oid from pg_roles where rolname = 'antre_reader'), 'pg_authid') is null then
    comment on role antre_reader is 'Looks at schema inspect and at nothing else: grant antre_reader to alice';
  end if;
  if shobj_description((select oid from pg_roles where rolname = 'antre_dba'), 'pg_authid') is null then
    comment on role antre_dba is 'Reads every table and steers jobs by the functions of schema inspect: grant antre_dba to alice';
  end if;
  if not pg_has_role('antre_dba', 'antre_reader', 'member') then
    grant antre_reader to antre_dba;
  end if;
end $$;

-- antre_reader: the views, and the functions that they are made of. Payloads hold ids, so no personal data is behind them.
grant usage on schema inspect to antre_reader;
grant select on all tables in schema inspect to antre_reader;
grant execute on function inspect.held_snapshots(), inspect.order_timeline(uuid) to antre_reader;

-- antre_dba: every table for reading, and exactly these ways to act.
grant usage on schema public, pgboss to antre_dba;
grant select on all tables in schema public, pgboss to antre_dba;
grant execute on function
  inspect.redrive(uuid),
  inspect.redrive_matching(text, text, text, timestamptz, timestamptz, jsonb, integer, numeric, boolean),
  inspect.pause_queue(text, text, timestamptz),
  inspect.resume_queue(text),
  inspect.cancel_job(uuid)
to antre_dba;
