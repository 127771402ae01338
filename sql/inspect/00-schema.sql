-- What DBAs and ops see and do. Every file here can run again on any database: `create or replace` keeps the grants and
-- whatever people have built on top. Who renames or drops a column of a view puts `drop view` into the same file. Before
-- an upgrade of pg-boss that changes its tables: `drop schema inspect cascade`; the migration brings it back.
create schema if not exists inspect;
comment on schema inspect is 'Views to look at orders, jobs and stock, and functions to steer the jobs; safe to use in production';

-- Ids of jobs are UUID v7 of the moment at which they fall due: the primary key (kind, id) is an index by time as well.
create or replace function inspect.new_job_id(due_at timestamptz) returns uuid
language sql volatile set search_path = pg_catalog as $$
  select encode(set_bit(set_bit(
    overlay(uuid_send(gen_random_uuid()) placing substring(int8send(floor(extract(epoch from due_at) * 1000)::bigint) from 3) from 1 for 6),
    52, 1), 53, 1), 'hex')::uuid
$$;
comment on function inspect.new_job_id is 'A UUID v7 whose time is the given moment: the id of a job that falls due then';

create or replace function inspect.first_job_id(due_at timestamptz) returns uuid
language sql immutable set search_path = pg_catalog as $$
  select (lpad(to_hex(greatest(0, floor(extract(epoch from due_at) * 1000)::bigint)), 12, '0') || repeat('0', 20))::uuid
$$;
comment on function inspect.first_job_id is 'Not greater than the id of any job that falls due at this moment or later';

-- A body that is parsed now and not when it runs: who calls it needs no right on schema pgboss.
create or replace function inspect.job_state(state pgboss.job_state, start_after timestamptz) returns text
language sql stable
return case state
  when 'created' then case when start_after > pgboss.job_now() then 'delayed' else 'queued' end
  when 'retry' then 'retrying'
  when 'active' then 'processing'
  else state::text
end;
comment on function inspect.job_state is 'State of a job in our words: queued, delayed, retrying, processing, completed, cancelled, failed';

create or replace function inspect.kind_of_job(job_id uuid) returns text
language sql stable as $$
  select name from pgboss.job_common where name = any (array(select q.name from pgboss.queue q)) and id = job_id
$$;
comment on function inspect.kind_of_job is 'Kind of a job by its id alone: one look into the primary key per queue';
