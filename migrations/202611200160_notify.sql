-- What was told to whom. Rows are found by their own key, never together with an order's, so they are not order-owned.
create table notifications (
  id uuid primary key,
  order_id uuid,
  recipient_type text not null check (recipient_type in ('guest', 'user')),
  recipient_id uuid not null,
  channel text not null check (channel in ('whatsapp', 'email')),
  event text not null,
  category text not null default 'transactional' check (category in ('transactional', 'marketing')),
  language text not null check (language in ('id', 'en')),
  data jsonb not null,
  dedupe_key text not null unique,
  status text not null
    check (status in ('queued', 'delayed', 'sent', 'delivered', 'read', 'failed', 'suppressed', 'obsolete')),
  provider_message_id text,
  quota_day date,
  not_before timestamptz,
  created_at timestamptz not null,
  sent_at timestamptz,
  delivered_at timestamptz,
  read_at timestamptz,
  error text
);
create index notifications_order on notifications (order_id) where order_id is not null;
-- Who is next when a recipient's day is full.
create index notifications_waiting on notifications (recipient_id, created_at) where status in ('queued', 'delayed');
comment on table notifications is 'One row per message: event, occasion, recipient and channel; kept 365 days';
comment on column notifications.data is 'What the text is rendered from when it is sent; never a token';
comment on column notifications.dedupe_key is 'Occasion (mostly order and version), event, recipient and channel';
comment on column notifications.quota_day is 'The local day on which it took one of the recipient''s places; a retry on that day keeps it';
comment on column notifications.error is 'Why it failed or was suppressed';

create table notification_quota (
  recipient text not null,
  local_day date not null,
  sent integer not null default 0 check (sent >= 0),
  primary key (recipient, local_day)
);
comment on table notification_quota is 'Transactional WhatsApp messages per recipient and day in APP_TIMEZONE';

create table notify_inbox (
  seq bigint generated always as identity primary key,
  user_id uuid not null,
  order_id uuid,
  event text not null,
  data jsonb not null,
  created_at timestamptz not null,
  read_at timestamptz
);
create index notify_inbox_user on notify_inbox (user_id, seq desc);
comment on table notify_inbox is 'In-app messages of users; seq is their id; kept 90 days';
