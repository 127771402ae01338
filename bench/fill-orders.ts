import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'

/** Fills a migrated database with jastip orders, all due, with payment, token and held stock each. Returns their ids. */
export async function fillOrders(
  pool: pg.Pool,
  count: number,
  status: 'pending_dp' | 'awaiting_validation',
): Promise<string[]> {
  const script = await readFile(join(import.meta.dirname, 'fill-orders.sql'), 'utf8')
  const client = await pool.connect()
  try {
    await client.query(script.replaceAll('$COUNT', String(count)).replaceAll('$STATUS', status))
    const { rows } = await client.query('select id from made order by id')
    await client.query('drop table made')
    for (const table of FILLED) await client.query(`vacuum analyze ${table}`)
    return rows.map(row => row.id)
  } finally {
    client.release()
  }
}

const FILLED = [
  'orders',
  'order_events',
  'jastip_orders',
  'jastip_payments',
  'guest_access_tokens',
  'stock_reservations',
  'stock_items',
  'guests',
]
