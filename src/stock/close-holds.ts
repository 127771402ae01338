import { sql } from 'kysely'
import type { Tx } from '../platform/tx.ts'

/** The orders' holds no longer expire: the buyer has done his part. */
export async function keepHolds(tx: Tx, orderIds: readonly string[]): Promise<void> {
  await sql`
    update stock_reservations set expires_at = null
    where order_id = any(${orderIds}::uuid[]) and state = 'held' and expires_at is not null
  `.execute(tx.db)
}

/** What the orders hold is sold: it never comes back. The stock does not change, and a second call does nothing. */
export async function commitHolds(tx: Tx, orderIds: readonly string[]): Promise<void> {
  await sql`
    update stock_reservations set state = 'committed', closed_at = ${tx.now}
    where order_id = any(${orderIds}::uuid[]) and state = 'held'
  `.execute(tx.db)
}
