-- The order core knows no business word of any flow; what a flow adds lives in its own tables, keyed by order_id.
create table orders (
  id uuid primary key,
  code text,
  flow text not null,
  status text not null,
  version integer not null default 1,
  priority integer not null default 0,
  owner_id uuid,
  customer_ref text,
  currency text not null,
  total numeric(14, 2) not null default 0,
  deadline_at timestamptz,
  deadline_queued_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  closed_at timestamptz
) with (fillfactor = 70);
-- The sweep marks what it has raised by deadline_queued_at. No index names that column, so that marking an order is an
-- update within its page that touches no index; the fill factor leaves room for it.
create index orders_due on orders (deadline_at) where deadline_at is not null;
create index orders_owner on orders (owner_id, created_at desc, id desc);
create index orders_flow on orders (flow, created_at desc, id desc);
comment on table orders is 'One row per order of every flow; status moves only by guarded transitions that raise version';
comment on column orders.version is 'Raised by one with every transition; order_events holds a row for each';
comment on column orders.deadline_at is 'When the sweep may act for the status; the status decides, the deadline only says when';
comment on column orders.deadline_queued_at is 'Set by the sweep that raised the job; cleared by every change of the deadline';
comment on column orders.owner_id is 'Who sells: the trip owner in jastip';
comment on column orders.customer_ref is 'Who buys, as the flow names them: the guest in jastip';

create table order_events (
  order_id uuid not null,
  version integer not null,
  transition text not null,
  status text not null,
  actor_kind text not null,
  actor_id text,
  reason text,
  data jsonb,
  created_at timestamptz not null,
  primary key (order_id, version)
);
comment on table order_events is 'Append-only history and audit of every order: one row per version';
comment on column order_events.status is 'The status that the transition led to';

create table order_codes (
  code text primary key,
  order_id uuid not null
);
comment on table order_codes is 'Codes for people, unique over all flows; a table of its own because orders carry no unique key without their id';
