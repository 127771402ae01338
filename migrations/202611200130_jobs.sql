-- What the job runtime adds around pg-boss' own schema.
create table job_keys (
  kind text not null,
  key text not null,
  job_id uuid not null,
  primary key (kind, key)
);
comment on table job_keys is 'One queued job per kind and key; cleared when the job is claimed';

create table job_attempts (
  job_id uuid not null,
  attempt integer not null,
  kind text not null,
  outcome text not null check (outcome in ('retry', 'snoozed', 'lost', 'timed_out', 'split', 'handed_back', 'dead')),
  worker_id text,
  started_at timestamptz,
  ended_at timestamptz not null,
  error jsonb
);
create index job_attempts_job on job_attempts (job_id, ended_at);
create index job_attempts_ended on job_attempts (ended_at);
comment on table job_attempts is 'Attempts that did not succeed; the successful one is read from the job row (inspect.job_attempt is the union)';

create table dead_letters (
  id uuid primary key,
  job_id uuid not null unique,
  kind text not null,
  payload jsonb not null,
  error jsonb not null,
  error_class text not null,
  attempts integer not null,
  first_failed_at timestamptz not null,
  last_failed_at timestamptz not null,
  redriven_at timestamptz,
  redriven_by text,
  redriven_as uuid,
  discarded_at timestamptz,
  discarded_by text,
  discard_reason text
);
create index dead_letters_open on dead_letters (kind, last_failed_at desc) where redriven_at is null and discarded_at is null;
create index dead_letters_last on dead_letters (last_failed_at desc, id desc);
comment on table dead_letters is 'Jobs that used up their retries or could not be helped: nothing is ever logged and discarded';
comment on column dead_letters.job_id is 'The job that died; unique, so that it is recorded once whoever sees it';
comment on column dead_letters.redriven_as is 'The new job that a redrive made';

create table workers (
  id text primary key,
  host text not null,
  pid integer not null,
  kinds text[] not null,
  started_at timestamptz not null,
  last_seen timestamptz not null,
  running integer not null default 0,
  processed bigint not null default 0,
  failed bigint not null default 0,
  stopped_at timestamptz
);
comment on table workers is 'Worker processes by heartbeat: silent for 10 s means gone';

create table job_minutes (
  kind text not null,
  minute timestamptz not null,
  worker_id text not null,
  started bigint not null default 0,
  completed bigint not null default 0,
  failed bigint not null default 0,
  dead bigint not null default 0,
  run_ms_total bigint not null default 0,
  wait_histogram integer[] not null,
  run_histogram integer[] not null,
  primary key (kind, minute, worker_id)
);
create index job_minutes_minute on job_minutes (minute);
comment on table job_minutes is 'What each worker did per minute and kind; histograms in the buckets of jobs/histogram.ts. Flushed every 2 s: a killed worker loses at most that';

create table queue_pauses (
  kind text primary key,
  reason text not null,
  paused_by text not null,
  paused_at timestamptz not null,
  until_at timestamptz
);
comment on table queue_pauses is 'Kinds of jobs that no worker fetches for now';

create table schedules (
  name text primary key,
  cron text not null,
  enabled boolean not null default true,
  changed_by text,
  changed_at timestamptz
);
comment on table schedules is 'Schedules of the registry; enabled can be switched at run time and survives deploys';

create table schedule_runs (
  name text not null,
  slot timestamptz not null,
  created_at timestamptz not null,
  primary key (name, slot)
);
create index schedule_runs_slot on schedule_runs (slot);
comment on table schedule_runs is 'One row per schedule and slot: whoever inserts it raises the job, so that a fleet fires once';

create table operator_actions (
  id uuid primary key,
  at timestamptz not null,
  actor_kind text not null,
  actor_id text,
  action text not null,
  target text not null,
  data jsonb
);
create index operator_actions_at on operator_actions (at desc);
comment on table operator_actions is 'Who redrove, paused, resumed, cancelled or switched what';
