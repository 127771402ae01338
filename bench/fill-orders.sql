-- Jastip orders as checkout and payment leave them: $STATUS is pending_dp or awaiting_validation, $COUNT of them, all due.
insert into users (id, email, password_hash, full_name, role, slug, created_at, updated_at)
values ('00000000-0000-4000-8000-000000000001', 'owner@bench', 'x', 'Owner', 'jastiper', 'bench', now(), now());
insert into jastip_trips (id, jastiper_id, slug, title, created_at, updated_at)
values ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', 'bench', 'Bench', now(), now());
insert into stock_items (id, stock, updated_at)
select ('00000000-0000-4000-9000-' || lpad(i::text, 12, '0'))::uuid, 1000000, now() from generate_series(0, 99) i;
insert into guests (id, contact_hash, phone, name, first_visit_at, last_activity_at)
select ('00000000-0000-4000-a000-' || lpad(i::text, 12, '0'))::uuid, 'hash' || i, '+62812' || lpad(i::text, 8, '0'), 'Buyer ' || i, now(), now()
from generate_series(0, 9999) i;
create temporary table made as
select ('01900000-' || lpad(to_hex(i / 65536), 4, '0') || '-7' || lpad(to_hex(i % 4096), 3, '0') || '-8000-' || lpad(to_hex(i), 12, '0'))::uuid as id, i
from generate_series(1, $COUNT) i;
insert into orders (id, code, flow, status, version, owner_id, customer_ref, currency, total, deadline_at, created_at, updated_at)
select id, 'JST-' || i, 'jastip', '$STATUS', 2, '00000000-0000-4000-8000-000000000001',
       '00000000-0000-4000-a000-' || lpad((i % 10000)::text, 12, '0'), 'IDR', 100000, now() - interval '1 minute', now() - interval '1 day', now()
from made;
insert into order_events (order_id, version, transition, status, actor_kind, created_at)
select id, v, case v when 1 then 'create' else 'submit_dp' end, '$STATUS', 'guest', now() from made, generate_series(1, 2) v;
insert into jastip_orders (order_id, trip_id, participant_id, guest_id, buyer_name, subtotal, dp_percent, dp_amount, dp_paid_at)
select id, '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000003',
       ('00000000-0000-4000-a000-' || lpad((i % 10000)::text, 12, '0'))::uuid, 'Buyer ' || i, 100000, 20, 20000, now() from made;
insert into jastip_payments (order_id, id, kind, provider, amount, received_amount, provider_payment_id, status, created_at, updated_at)
select id, gen_random_uuid(), 'dp', 'gateway', 20000, 20000, 'pay-' || i,
       case '$STATUS' when 'pending_dp' then 'pending' else 'succeeded' end, now(), now() from made;
insert into guest_access_tokens (id, token_hash, order_id, guest_id, seller_id, purpose, created_at, expires_at)
select gen_random_uuid(), md5(i::text) || md5('x' || i), id, ('00000000-0000-4000-a000-' || lpad((i % 10000)::text, 12, '0'))::uuid,
       '00000000-0000-4000-8000-000000000001', 'checkout', now(), now() + interval '7 days' from made;
insert into stock_reservations (order_id, item_id, quantity, state, created_at)
select id, ('00000000-0000-4000-9000-' || lpad((i % 100)::text, 12, '0'))::uuid, 1, 'held', now() from made;
