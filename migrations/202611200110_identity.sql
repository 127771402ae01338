-- People: accounts with a password, and buyers known by their phone alone.
create table users (
  id uuid primary key,
  email text not null,
  password_hash text not null,
  full_name text not null,
  role text not null
    check (role in ('jastiper', 'ops', 'admin', 'salesman', 'logistics', 'accountant', 'driver')),
  is_active boolean not null default true,
  slug text,
  profile_name text,
  profile_bio text,
  avatar text,
  cover text,
  cover_position integer not null default 50 check (cover_position between 0 and 100),
  whatsapp_number text,
  origin_province_id text,
  origin_province_name text,
  origin_city_id text,
  origin_city_name text,
  origin_district_id text,
  origin_district_name text,
  origin_postal_code text,
  origin_address_text text,
  origin_rate_zone text,
  tutorial_step integer not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index users_email on users (lower(email));
create unique index users_slug on users (slug);
comment on table users is 'Accounts that log in with a password; one role each';
comment on column users.is_active is 'Read at every request: false ends access at once, whatever tokens are out';
comment on column users.slug is 'Public name of a jastiper in links; route words are reserved';
comment on column users.origin_rate_zone is 'Where shipping costs are counted from';

create table refresh_tokens (
  id uuid primary key,
  family_id uuid not null,
  user_id uuid not null references users (id) on delete cascade,
  token_hash text not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  rotated_at timestamptz,
  revoked_at timestamptz
);
create index refresh_tokens_family on refresh_tokens (family_id);
create index refresh_tokens_user on refresh_tokens (user_id);
create index refresh_tokens_expires on refresh_tokens (expires_at);
comment on table refresh_tokens is 'One row per refresh token ever handed out, as SHA-256; a login begins a family';
comment on column refresh_tokens.rotated_at is 'Set by its one use; a second use revokes the family';
comment on column refresh_tokens.revoked_at is 'One revoked token ends its whole family, also tokens that were inserted meanwhile';

create table guests (
  id uuid primary key,
  contact_hash text not null unique,
  phone text not null,
  name text not null,
  email text,
  language text not null default 'id' check (language in ('id', 'en')),
  notify_whatsapp boolean not null default true,
  notify_email boolean not null default true,
  notify_push boolean not null default false,
  remember_me boolean not null default false,
  marketing_opt_out_at timestamptz,
  converted_to_user_id uuid references users (id) on delete set null,
  first_visit_at timestamptz not null,
  last_activity_at timestamptz not null
);
comment on table guests is 'Buyers without an account: one per phone. Totals are queries, not columns';
comment on column guests.contact_hash is 'HMAC-SHA256 of the E.164 phone under a server key; the e-mail is no part of it';
comment on column guests.email is 'Filled by the first request that names one; never replaced without a pass';

create table guest_access_tokens (
  id uuid primary key,
  token_hash text not null unique,
  order_id uuid not null,
  guest_id uuid not null references guests (id) on delete cascade,
  seller_id uuid not null,
  purpose text not null check (purpose in ('checkout', 'order')),
  attempts integer not null default 0,
  created_at timestamptz not null,
  verified_at timestamptz,
  used_at timestamptz,
  expires_at timestamptz not null,
  revoked_at timestamptz
) with (fillfactor = 50);
create index guest_access_tokens_order on guest_access_tokens (order_id);
create index guest_access_tokens_guest on guest_access_tokens (guest_id);
create index guest_access_tokens_expires on guest_access_tokens (expires_at);
comment on table guest_access_tokens is 'Links that buyers got, as SHA-256: one order each, 7 days, good for one successful action';
comment on column guest_access_tokens.attempts is 'Wrong answers to the challenge; the fifth revokes';
comment on column guest_access_tokens.seller_id is 'users.id of the seller behind the order, for whoever holds only the link';
