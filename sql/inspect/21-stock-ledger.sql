create or replace view inspect.stock_ledger as
select i.id as item_id, i.stock as free, h.held, c.committed, i.stock + h.held + c.committed as initial, i.stock is null as unlimited,
       h.oldest_hold_at, i.updated_at
from public.stock_items i
cross join lateral (
  select coalesce(sum(quantity), 0)::bigint as held, min(created_at) as oldest_hold_at
  from public.stock_reservations where item_id = i.id and state = 'held') h
cross join lateral (
  select coalesce(sum(quantity), 0)::bigint as committed
  from public.stock_reservations where item_id = i.id and state = 'committed') c;
comment on view inspect.stock_ledger is 'Where the pieces of every item are: free + held + committed = initial. Ask with item_id when there are many';
comment on column inspect.stock_ledger.initial is 'What was ever put in, by the books; a difference to the goods on the shelf is a mistake somewhere';
