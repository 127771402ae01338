import { sql } from 'kysely'
import { newId } from '../platform/ids.ts'
import type { Db, Tx } from '../platform/tx.ts'

/** A new item with this many pieces, null = unlimited. Returns its id. */
export async function createStockItem(tx: Tx, item: { stock: number | null }): Promise<string> {
  const id = newId()
  await sql`insert into stock_items (id, stock, updated_at) values (${id}, ${item.stock}, ${tx.now})`.execute(tx.db)
  return id
}

/** Pieces left per item id, null = unlimited. Ids without an item are not in the map. */
export async function findStock(db: Db, itemIds: readonly string[]): Promise<Map<string, number | null>> {
  const { rows } = await sql<{ id: string; stock: number | null }>`
    select id, stock from stock_items where id = any(${itemIds}::uuid[])
  `.execute(db)
  return new Map(rows.map(row => [row.id, row.stock]))
}
