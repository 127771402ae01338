-- Indexes for the views of sql/inspect and for the pruning of old rows.
create index orders_deadline_queued on orders (deadline_queued_at) where deadline_queued_at is not null;
comment on index orders_deadline_queued is 'Orders that the sweep has handed to a job and that have not moved since (inspect.order_deadline_due)';

create index stock_reservations_committed on stock_reservations (item_id) where state = 'committed';
comment on index stock_reservations_committed is 'What of an item is sold (inspect.stock_ledger)';

create index dead_letters_redriven on dead_letters (redriven_at) where redriven_at is not null;
create index dead_letters_discarded on dead_letters (discarded_at) where discarded_at is not null;
