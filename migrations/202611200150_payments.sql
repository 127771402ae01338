-- What every flow shares about money that comes from outside; payments and refunds themselves belong to the flows.
create table payment_references (
  scope text not null,
  reference text not null,
  order_id uuid not null,
  payment_id uuid not null,
  kind text not null,
  created_at timestamptz not null,
  primary key (scope, reference)
);
comment on table payment_references is 'One payment id of a provider belongs to one order: whoever inserts the row first';
comment on column payment_references.scope is 'Flow and provider, such as jastip:gateway';
comment on column payment_references.reference is 'The payment id as the provider names it';
comment on column payment_references.payment_id is 'The row in the payment table of the flow';

create table webhook_events (
  id uuid primary key,
  scope text not null,
  reference text not null,
  order_id uuid,
  amount numeric(14, 2),
  outcome text not null check (outcome in ('accepted', 'duplicate', 'late', 'amount_mismatch', 'unknown')),
  body_hash text not null,
  at timestamptz not null
);
create index webhook_events_at on webhook_events (at);
create index webhook_events_reference on webhook_events (scope, reference);
comment on table webhook_events is 'Append-only log of signed webhooks and what they did; kept 365 days';
comment on column webhook_events.reference is 'The payment or refund id that the webhook named';
comment on column webhook_events.body_hash is 'SHA-256 of the raw body';
