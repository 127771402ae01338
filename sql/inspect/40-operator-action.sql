-- The functions whose names end in `_as` take the actor as an argument. API and CLI call them; people at psql call the
-- ones without, which fill in who they are: nobody acts in another's name.
create or replace function inspect.note_action(actor_kind text, actor_id text, action text, target text, data jsonb) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.operator_actions (id, at, actor_kind, actor_id, action, target, data)
  values (inspect.new_job_id(pgboss.job_now()), pgboss.job_now(), actor_kind, actor_id, action, target, data)
$$;
comment on function inspect.note_action is 'Writes who did what to operator_actions';
revoke execute on function inspect.note_action from public;

create or replace function inspect.require_queue(kind text) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select 1 from pgboss.queue q where q.name = require_queue.kind) then
    raise exception 'there is no queue %', kind using errcode = 'P0002', hint = 'select kind from inspect.queue_depth';
  end if;
end $$;
comment on function inspect.require_queue is 'Raises P0002 when there is no such kind of jobs';
revoke execute on function inspect.require_queue from public;
