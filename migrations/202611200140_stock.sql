-- Stock of every flow: the catalogues of jastip and retail reference a stock item.
-- The fill factor leaves room in the page, so that the many updates of a sought-after item touch no index.
create table stock_items (
  id uuid primary key,
  stock integer check (stock >= 0),
  updated_at timestamptz not null
) with (fillfactor = 50);
comment on table stock_items is 'What is free to be ordered, per sellable thing; held and committed pieces are already taken off';
comment on column stock_items.stock is 'Pieces left; null: unlimited, never held and never refused';

create table stock_reservations (
  order_id uuid not null,
  item_id uuid not null,
  attempt integer not null default 1,
  quantity integer not null check (quantity > 0),
  state text not null check (state in ('held', 'committed', 'released')),
  expires_at timestamptz,
  closed_at timestamptz,
  created_at timestamptz not null,
  primary key (order_id, item_id, attempt)
);
-- The sweep walks what is held; making an item unlimited finds its holds by item.
create index stock_reservations_held on stock_reservations (item_id, order_id) where state = 'held';
comment on table stock_reservations is 'Pieces that an order took: held, then committed or released, each exactly once';
comment on column stock_reservations.attempt is 'Raised by a flow that holds again after a release';
comment on column stock_reservations.expires_at is 'Until when the buyer has to pay, null once paid; for people: a release looks at the status of the order';
comment on column stock_reservations.closed_at is 'When it was committed or released';
