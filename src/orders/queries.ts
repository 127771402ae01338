import { isAfterCursor, type Page, toPage } from '../platform/paging.ts'
import type { Db } from '../platform/tx.ts'
import type { OrderRow } from './flow-page.ts'

const COLUMNS = [
  'id',
  'code',
  'flow',
  'status',
  'version',
  'priority',
  'owner_id as ownerId',
  'customer_ref as customerRef',
  'currency',
  'total',
  'deadline_at as deadlineAt',
  'created_at as createdAt',
  'updated_at as updatedAt',
  'closed_at as closedAt',
] as const

/** The order by id, whatever its flow. */
export function findOrder(db: Db, id: string): Promise<OrderRow | undefined> {
  return db.selectFrom('orders').select(COLUMNS).where('id', '=', id).executeTakeFirst()
}

export type OrderFilter = {
  flow: string
  /** Unset: the orders of every owner. */
  ownerId?: string | undefined
  status?: readonly string[] | undefined
  from?: Date | undefined
  to?: Date | undefined
  limit: number
  cursor?: string | undefined
}

/** Newest first; walks `orders_owner` (one owner) or `orders_flow`. */
export async function listOrders(db: Db, filter: OrderFilter): Promise<Page<OrderRow>> {
  let query = db.selectFrom('orders').select(COLUMNS).where('flow', '=', filter.flow)
  if (filter.ownerId !== undefined) query = query.where('owner_id', '=', filter.ownerId)
  if (filter.status?.length) query = query.where('status', 'in', [...filter.status])
  if (filter.from) query = query.where('created_at', '>=', filter.from)
  if (filter.to) query = query.where('created_at', '<', filter.to)
  if (filter.cursor !== undefined) {
    query = query.where(isAfterCursor(filter.cursor, { at: 'created_at', id: 'id' }))
  }
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(filter.limit + 1)
    .execute()
  return toPage(rows, filter.limit, row => ({ at: row.createdAt, id: row.id }))
}

export type OrderEvent = {
  version: number
  transition: string
  status: string
  reason: string | null
  actorKind: string
  at: Date
}

/** The events of one order after a version, oldest first. */
export function listEvents(db: Db, orderId: string, afterVersion = 0): Promise<OrderEvent[]> {
  return db
    .selectFrom('order_events')
    .select(['version', 'transition', 'status', 'reason', 'actor_kind as actorKind', 'created_at as at'])
    .where('order_id', '=', orderId)
    .where('version', '>', afterVersion)
    .orderBy('version')
    .execute()
}
