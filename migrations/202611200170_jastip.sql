-- Personal shopping: trips and their products, and what jastip adds to an order. Order-owned tables lead their key with
-- order_id and carry no foreign key but to the same order.
create table jastip_trips (
  id uuid primary key,
  jastiper_id uuid not null,
  slug text not null,
  title text not null,
  description text,
  is_active boolean not null default true,
  start_date date,
  deadline timestamptz,
  payment_type text not null default 'dp' check (payment_type in ('full', 'dp')),
  dp_percentage numeric(5, 2) not null default 20 check (dp_percentage between 1 and 100),
  final_payment_hours integer check (final_payment_hours between 1 and 720),
  demo_dp_seconds integer check (demo_dp_seconds > 0),
  demo_validation_seconds integer check (demo_validation_seconds > 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz
);
create unique index jastip_trips_slug on jastip_trips (jastiper_id, slug) where deleted_at is null;
create index jastip_trips_jastiper on jastip_trips (jastiper_id, created_at desc, id desc) where deleted_at is null;
comment on table jastip_trips is 'Trips of jastipers; whether one is open is computed from is_active and deadline';
comment on column jastip_trips.jastiper_id is 'users.id of the trip owner';
comment on column jastip_trips.final_payment_hours is 'Hours to pay the rest after accept; null: an accepted order is never cancelled by time';
comment on column jastip_trips.demo_dp_seconds is 'Demo data only: seconds until the down payment is due';
comment on column jastip_trips.demo_validation_seconds is 'Demo data only: seconds until the owner must have decided';

create table jastip_products (
  id uuid primary key,
  trip_id uuid not null references jastip_trips (id),
  stock_item_id uuid not null,
  slug text not null,
  title text not null,
  description text,
  price numeric(14, 2) not null check (price > 0),
  type text not null check (type in ('goods', 'tasks')),
  status text not null default 'active' check (status in ('active', 'inactive')),
  unit text,
  weight_gram integer check (weight_gram > 0),
  markup_type text not null default 'percent' check (markup_type in ('percent', 'flat')),
  markup_value numeric(14, 2) not null default 0 check (markup_value >= 0 and (markup_type = 'flat' or markup_value <= 100)),
  requires_details boolean not null default false,
  requires_proof boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz
);
create unique index jastip_products_slug on jastip_products (trip_id, slug) where deleted_at is null;
create index jastip_products_trip on jastip_products (trip_id, created_at desc, id desc) where deleted_at is null;
comment on table jastip_products is 'What a trip sells; the stock itself is stock_items, where null means unlimited';

create table jastip_participants (
  id uuid primary key,
  trip_id uuid not null references jastip_trips (id),
  guest_id uuid not null,
  phone text not null,
  name text not null,
  email text,
  created_at timestamptz not null,
  deleted_at timestamptz
);
create unique index jastip_participants_phone on jastip_participants (trip_id, phone) where deleted_at is null;
comment on table jastip_participants is 'Buyers who joined a trip; one per trip and phone';

create table jastip_bank_accounts (
  id uuid primary key,
  user_id uuid not null,
  bank_name text not null,
  account_number text not null check (account_number ~ '^[0-9]{6,20}$'),
  account_holder_name text not null,
  is_primary boolean not null default false,
  is_default boolean not null default false,
  verification_status text not null default 'unverified' check (verification_status in ('unverified', 'verified', 'refused')),
  created_at timestamptz not null,
  deleted_at timestamptz
);
create unique index jastip_bank_accounts_number on jastip_bank_accounts (user_id, account_number) where deleted_at is null;
create unique index jastip_bank_accounts_primary on jastip_bank_accounts (user_id) where is_primary and deleted_at is null;
create unique index jastip_bank_accounts_default on jastip_bank_accounts (user_id) where is_default and deleted_at is null;
comment on table jastip_bank_accounts is 'Where buyers transfer to: the primary account of the trip owner';

create table jastip_fees_config (
  id uuid primary key,
  scope text not null,
  calculation_type text not null,
  value numeric(14, 2) not null check (value >= 0),
  is_active boolean not null default true,
  meta jsonb,
  updated_at timestamptz not null,
  unique (scope, calculation_type)
);
comment on table jastip_fees_config is 'Fees in force; 0 is a value, a missing or inactive platform_commission row means 5 percent';

create table jastip_orders (
  order_id uuid primary key,
  trip_id uuid not null,
  participant_id uuid not null,
  guest_id uuid not null,
  buyer_name text not null,
  notes text,
  shipping_address jsonb,
  subtotal numeric(14, 2) not null,
  dp_percent numeric(5, 2) not null,
  dp_amount numeric(14, 2) not null,
  markup_total numeric(14, 2),
  shipping_fee numeric(14, 2),
  service_fee numeric(14, 2),
  commission_rate numeric(5, 2),
  platform_commission numeric(14, 2),
  total_final numeric(14, 2),
  remaining_amount numeric(14, 2),
  breakdown jsonb,
  final_payment_hours integer,
  validation_seconds integer,
  dp_paid_at timestamptz,
  final_paid_at timestamptz,
  validated_at timestamptz,
  validated_by uuid,
  final_validated_at timestamptz,
  final_validated_by uuid,
  rejection_reason text,
  courier text,
  tracking_number text,
  shipped_at timestamptz,
  next_reminder_at timestamptz,
  refund_status text not null default 'none' check (refund_status in ('none', 'pending', 'failed', 'done'))
) with (fillfactor = 50);
create index jastip_orders_guest on jastip_orders (guest_id, trip_id);
create index jastip_orders_trip on jastip_orders (trip_id);
create index jastip_orders_next_reminder on jastip_orders (next_reminder_at) where next_reminder_at is not null;
comment on table jastip_orders is 'What jastip knows of an order beside orders. Rows double at accept (breakdown): the fill factor keeps updates in the page, where they touch no index';
comment on column jastip_orders.final_payment_hours is 'As the trip said at checkout';
comment on column jastip_orders.validation_seconds is 'Demo data only: instead of the 24 hours of awaiting_validation';
comment on column jastip_orders.breakdown is 'Stored at accept, then constant';

create table jastip_order_items (
  order_id uuid not null,
  id uuid not null,
  line integer not null,
  product_id uuid not null,
  title text not null,
  type text not null check (type in ('goods', 'tasks')),
  price numeric(14, 2) not null,
  weight_gram integer,
  markup_type text not null,
  markup_value numeric(14, 2) not null,
  quantity integer not null check (quantity between 1 and 999),
  subtotal numeric(14, 2) not null,
  note text,
  primary key (order_id, id)
);
comment on table jastip_order_items is 'Lines of an order with the product as it was at checkout';

create table jastip_order_proofs (
  order_id uuid not null,
  id uuid not null,
  kind text not null check (kind in ('dp', 'final')),
  storage_key text not null,
  content_type text not null,
  bytes integer not null,
  sha256 text not null,
  uploaded_by uuid not null,
  created_at timestamptz not null,
  primary key (order_id, id)
);
create index jastip_order_proofs_id on jastip_order_proofs (id);
comment on table jastip_order_proofs is 'Proofs of payment; a new one never deletes an old one';

create table jastip_payments (
  order_id uuid not null,
  id uuid not null,
  kind text not null check (kind in ('dp', 'final')),
  provider text not null check (provider in ('gateway', 'transfer')),
  amount numeric(14, 2) not null,
  received_amount numeric(14, 2),
  provider_payment_id text,
  link text,
  expires_at timestamptz,
  status text not null check (status in ('pending', 'claimed', 'succeeded', 'refused', 'failed', 'expired', 'mismatched')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (order_id, id)
) with (fillfactor = 50);
comment on table jastip_payments is 'Money of an order: links asked for, proofs claimed, gateway money received';
comment on column jastip_payments.provider is 'gateway: the payment provider; transfer: straight to the owner, with a proof';

create table jastip_refunds (
  order_id uuid not null,
  id uuid not null,
  payment_id uuid not null,
  amount numeric(14, 2) not null,
  reason text not null,
  provider text not null check (provider in ('gateway', 'transfer')),
  status text not null check (status in ('pending', 'succeeded', 'failed', 'void')),
  provider_refund_id text,
  reference text,
  attempts integer not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (order_id, id),
  unique (order_id, payment_id)
);
create index jastip_refunds_id on jastip_refunds (id);
comment on table jastip_refunds is 'Exactly one row per payment that must go back; the id is the idempotency key at the provider';
