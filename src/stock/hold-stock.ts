import { sql } from 'kysely'
import { z } from 'zod'
import { AppError, conflict } from '../platform/errors.ts'
import type { Tx } from '../platform/tx.ts'

export type StockLine = { itemId: string; quantity: number }
export type StockShortage = { itemId: string; available: number; requested: number }

/**
 * Takes the pieces of all lines off the stock and records them as held by the order, or takes nothing. Lines of one item
 * are merged; unlimited items are skipped. Items are locked in ascending id, so that orders of the same items never
 * deadlock. `expiresAt` is for people; the pieces go back only by a release. `attempt` counts the holds of one order and
 * item. @throws AppError 409 `stock_insufficient`, with every short item in `extra.items`
 */
export async function holdStock(
  tx: Tx,
  orderId: string,
  lines: readonly StockLine[],
  expiresAt: Date | null,
  options: { attempt?: number } = {},
): Promise<void> {
  const wanted = mergeLines(lines)
  if (wanted.length === 0) return
  const items = await takeAllOrNone(tx, wanted)
  const short = items.filter(item => item.isShort)
  if (short.length > 0) throw shortage(short)
  if (items.length < wanted.length) throw new Error(`the order ${orderId} asks for stock items that do not exist`)
  await recordHolds(
    tx,
    orderId,
    items.filter(item => item.isTaken),
    expiresAt,
    options.attempt ?? 1,
  )
}

function mergeLines(lines: readonly StockLine[]): StockLine[] {
  const byItem = Map.groupBy(lines, line => line.itemId)
  return [...byItem].map(([itemId, same]) => ({ itemId, quantity: same.reduce((sum, line) => sum + line.quantity, 0) }))
}

type AskedItem = { itemId: string; available: number | null; requested: number; isShort: boolean; isTaken: boolean }

/**
 * The lock comes first and in order, and only what is read under it is current: `item.stock` in the decrement would be
 * that of the statement's snapshot, which is older than the wait for the lock.
 */
async function takeAllOrNone(tx: Tx, wanted: readonly StockLine[]): Promise<AskedItem[]> {
  const { rows } = await sql<AskedItem>`
    with locked as materialized (
      select item.id, item.stock, asked.quantity
      from stock_items item
      join unnest(${wanted.map(line => line.itemId)}::uuid[], ${wanted.map(line => line.quantity)}::int[])
        as asked (item_id, quantity) on asked.item_id = item.id
      order by item.id
      for update of item
    ), judged as materialized (
      select id, stock, quantity, coalesce(bool_or(stock < quantity) over (), false) as is_refused from locked
    ), taken as (
      update stock_items item set stock = judged.stock - judged.quantity, updated_at = ${tx.now}
      from judged
      where item.id = judged.id and judged.stock is not null and not judged.is_refused
      returning item.id
    )
    select judged.id as "itemId", judged.stock as available, judged.quantity as requested,
           coalesce(judged.stock < judged.quantity, false) as "isShort", taken.id is not null as "isTaken"
    from judged left join taken on taken.id = judged.id
    order by judged.id
  `.execute(tx.db)
  return rows
}

async function recordHolds(
  tx: Tx,
  orderId: string,
  items: readonly AskedItem[],
  expiresAt: Date | null,
  attempt: number,
) {
  if (items.length === 0) return
  await sql`
    insert into stock_reservations (order_id, item_id, attempt, quantity, state, expires_at, created_at)
    select ${orderId}::uuid, item_id, ${attempt}::int, quantity, 'held', ${expiresAt}::timestamptz, ${tx.now}::timestamptz
    from unnest(${items.map(item => item.itemId)}::uuid[], ${items.map(item => item.requested)}::int[]) as held (item_id, quantity)
  `.execute(tx.db)
}

function shortage(short: readonly AskedItem[]): AppError {
  const items = short.map(({ itemId, available, requested }) => ({ itemId, available: available ?? 0, requested }))
  return conflict('stock_insufficient', 'There is not enough stock left', { items })
}

const shortageExtra = z.object({
  items: z.array(z.object({ itemId: z.string(), available: z.number(), requested: z.number() })),
})

/** The short items of a refusal of `holdStock`, so that a flow can name its own products; undefined for any other error. */
export function stockShortages(error: unknown): StockShortage[] | undefined {
  if (!(error instanceof AppError) || error.code !== 'stock_insufficient') return undefined
  return shortageExtra.safeParse(error.extra).data?.items
}
