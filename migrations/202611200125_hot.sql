-- Locks while there is no Redis.
create table lock_leases (
  name text primary key,
  owner uuid not null,
  fence bigint not null,
  expires_at timestamptz not null
);
comment on table lock_leases is 'One row per lock that was ever taken without Redis; a released one stays, expired, so that its fence is remembered';
comment on column lock_leases.owner is 'Token of the one acquisition that holds it; only it releases or extends';
comment on column lock_leases.fence is 'Grows with every acquisition of the name: a guard that remembers the highest one refuses late writers';
