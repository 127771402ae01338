-- Indexes for the views of sql/inspect and for the pruning of old rows.
create index stock_reservations_committed on stock_reservations (item_id) where state = 'committed';
comment on index stock_reservations_committed is 'What of an item is sold (inspect.stock_ledger)';

create index dead_letters_redriven on dead_letters (redriven_at) where redriven_at is not null;
create index dead_letters_discarded on dead_letters (discarded_at) where discarded_at is not null;
