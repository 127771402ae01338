import type { Hot } from '../hot/index.ts'
import type { Actor } from '../platform/actor.ts'
import { notFound } from '../platform/errors.ts'
import type { Db } from '../platform/tx.ts'
import type { FlowPages, OrderIdentity, OrderRow } from './flow-page.ts'
import { findOrder } from './queries.ts'

export type StatusDeps = { db: Db; hot: Pick<Hot, 'readStatus' | 'refill'>; flowPages: FlowPages }

export type OrderStatus = {
  orderId: string
  status: string
  version: number
  progress: number | null
  step: string | null
  message: string | null
  updatedAt: string
  source: 'redis' | 'postgres'
}

/**
 * The order's live status: from Redis without a look at Postgres, or by primary key, which then fills the miss. `fresh`
 * always asks Postgres. @throws AppError 404 when there is no such order or the caller may not see it
 */
export async function readOrderStatus(
  deps: StatusDeps,
  actor: Actor,
  id: string,
  fresh: boolean,
): Promise<OrderStatus> {
  const hot = fresh ? null : await deps.hot.readStatus(id)
  if (hot === null) return await readFromPostgres(deps, actor, id)
  refuseUnlessVisible(deps.flowPages, actor, { id, ...hot })
  const { status, version, progress, step, message, updatedAt } = hot
  return { orderId: id, status, version, progress, step, message, updatedAt: updatedAt.toISOString(), source: 'redis' }
}

/** @throws AppError 404 when there is no such order or the caller may not see it */
export async function getVisibleOrder(
  deps: Pick<StatusDeps, 'db' | 'flowPages'>,
  actor: Actor,
  id: string,
): Promise<OrderRow> {
  const order = await findOrder(deps.db, id)
  if (order === undefined) throw notFound('Order')
  refuseUnlessVisible(deps.flowPages, actor, order)
  return order
}

async function readFromPostgres(deps: StatusDeps, actor: Actor, id: string): Promise<OrderStatus> {
  const order = await getVisibleOrder(deps, actor, id)
  const { flow, status, version, ownerId, customerRef, updatedAt } = order
  const closed = order.closedAt !== null
  await deps.hot.refill({ orderId: id, flow, status, version, closed, ownerId, customerRef, updatedAt })
  const unknown = { progress: null, step: null, message: null }
  return { orderId: id, status, version, ...unknown, updatedAt: updatedAt.toISOString(), source: 'postgres' }
}

/** An order that is not the caller's does not exist for him. */
function refuseUnlessVisible(flowPages: FlowPages, actor: Actor, order: OrderIdentity): void {
  if (!flowPages.get(order.flow)?.mayView(actor, order)) throw notFound('Order')
}
