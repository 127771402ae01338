import { type RawBuilder, sql } from 'kysely'
import { type AnyFlow, statusesThatReleaseStock } from '../orders/index.ts'
import type { Tx } from '../platform/tx.ts'

export type ReleasedHold = { orderId: string; itemId: string; quantity: number }

/**
 * Gives back what the orders still hold, whatever their status, and returns it; each hold goes back exactly once, however
 * often and by however many this is called.
 */
export function releaseHolds(tx: Tx, orderIds: readonly string[]): Promise<ReleasedHold[]> {
  return release(tx, orderIds, sql`true`)
}

/** `releaseHolds` for those of the orders whose status releases stock; the others keep what they hold. */
export function releaseHoldsOfEnded(
  tx: Tx,
  orderIds: readonly string[],
  flows: readonly AnyFlow[],
): Promise<ReleasedHold[]> {
  // The ids stand on both sides, so that no plan ever walks all orders.
  const isEnded = sql`exists (
    select from orders
    where orders.id = hold.order_id and orders.id = any(${orderIds}::uuid[]) and ${releasesStock(flows)})`
  return release(tx, orderIds, isEnded)
}

/** SQL condition over `orders`: the order's status is one in which held stock goes back. */
export function releasesStock(flows: readonly AnyFlow[]): RawBuilder<boolean> {
  const places = flows.flatMap(flow => statusesThatReleaseStock(flow).map(status => ({ flow: flow.name, status })))
  return sql`(orders.flow, orders.status) in (
    select * from unnest(${places.map(place => place.flow)}::text[], ${places.map(place => place.status)}::text[]))`
}

/**
 * Holds first, items last: the lock on an item that many buy is taken when nothing is left to do but to commit.
 */
async function release(tx: Tx, orderIds: readonly string[], condition: RawBuilder<unknown>): Promise<ReleasedHold[]> {
  if (orderIds.length === 0) return []
  const { rows } = await sql<ReleasedHold>`
    update stock_reservations hold set state = 'released', closed_at = ${tx.now}
    where hold.order_id = any(${orderIds}::uuid[]) and hold.state = 'held' and ${condition}
    returning hold.order_id as "orderId", hold.item_id as "itemId", hold.quantity
  `.execute(tx.db)
  if (rows.length > 0) await giveBack(tx, sumPerItem(rows))
  return rows
}

function sumPerItem(holds: readonly ReleasedHold[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { itemId, quantity } of holds) sums.set(itemId, (sums.get(itemId) ?? 0) + quantity)
  return sums
}

/** One addition per item, locked in ascending id as everyone locks them. Unlimited items stay unlimited: null + n is null. */
async function giveBack(tx: Tx, sums: ReadonlyMap<string, number>): Promise<void> {
  await sql`
    with back as materialized (
      select item.id, item.stock + sums.quantity as stock
      from stock_items item
      join unnest(${[...sums.keys()]}::uuid[], ${[...sums.values()]}::int[]) as sums (item_id, quantity) on sums.item_id = item.id
      order by item.id
      for update of item
    )
    update stock_items item set stock = back.stock, updated_at = ${tx.now}
    from back where item.id = back.id
  `.execute(tx.db)
}
