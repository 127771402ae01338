-- Answers of POSTs that carried an Idempotency-Key: the row is inserted first in the command's transaction.
create table idempotency_keys (
  scope text not null,
  route text not null,
  key text not null,
  body_hash text not null,
  resource_id uuid,
  status integer,
  created_at timestamptz not null,
  primary key (scope, route, key)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);
comment on table idempotency_keys is 'One row per honoured Idempotency-Key, kept 24 h; never a token, never a body';
comment on column idempotency_keys.scope is 'user, pass or guest token of the caller, else a hash of the body';
comment on column idempotency_keys.resource_id is 'What the first call created; a replay answers with it as it is now';

-- Shared rate limits. Unlogged: losing them in a crash only forgives.
create unlogged table rate_limits (
  key text primary key,
  points integer not null,
  resets_at timestamptz not null
);
comment on table rate_limits is 'Calls counted per route and caller for all processes; unlogged, a crash only forgives';
