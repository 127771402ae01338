import { sql } from 'kysely'
import { conflict, notFound } from '../platform/errors.ts'
import type { Tx } from '../platform/tx.ts'

/** Add or take off pieces, or set them when they still are as the editor saw them. */
export type StockChange = { delta: number } | { stock: number | null; seen: number | null }

/**
 * Changes the pieces that are left and returns them. An item that becomes unlimited lets go of what is held of it,
 * without adding. @throws AppError 409 `stock_moved` with `currentStock` when it is not as seen, when a delta meets an
 * unlimited item, or when a delta would take more than is left; 404 when there is no such item
 */
export async function changeStock(tx: Tx, itemId: string, change: StockChange): Promise<{ stock: number | null }> {
  const becomesUnlimited = 'stock' in change && change.stock === null
  // Holds before the item, as a release takes them.
  if (becomesUnlimited) await letGo(tx, itemId)
  const changed = 'delta' in change ? await addPieces(tx, itemId, change.delta) : await setPieces(tx, itemId, change)
  if (changed === undefined) throw await stockMoved(tx, itemId)
  // Again, for a checkout that came between: from here on the item's lock keeps others out.
  if (becomesUnlimited) await letGo(tx, itemId)
  return changed
}

type Changed = { stock: number | null } | undefined

async function addPieces(tx: Tx, itemId: string, delta: number): Promise<Changed> {
  const { rows } = await sql<{ stock: number }>`
    update stock_items set stock = stock + ${delta}::int, updated_at = ${tx.now}
    where id = ${itemId} and stock + ${delta}::int >= 0
    returning stock
  `.execute(tx.db)
  return rows[0]
}

async function setPieces(
  tx: Tx,
  itemId: string,
  change: { stock: number | null; seen: number | null },
): Promise<Changed> {
  const { rows } = await sql<{ stock: number | null }>`
    update stock_items set stock = ${change.stock}::int, updated_at = ${tx.now}
    where id = ${itemId} and stock is not distinct from ${change.seen}::int
    returning stock
  `.execute(tx.db)
  return rows[0]
}

async function letGo(tx: Tx, itemId: string): Promise<void> {
  await sql`
    update stock_reservations set state = 'released', closed_at = ${tx.now} where item_id = ${itemId} and state = 'held'
  `.execute(tx.db)
}

async function stockMoved(tx: Tx, itemId: string): Promise<Error> {
  const { rows } = await sql<{ stock: number | null }>`select stock from stock_items where id = ${itemId}`.execute(
    tx.db,
  )
  const item = rows[0]
  if (item === undefined) return notFound('Stock item')
  return conflict('stock_moved', 'The stock is not what it was; look again', { currentStock: item.stock })
}
