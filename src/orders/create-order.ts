import { sql } from 'kysely'
import { actorColumns } from '../platform/actor.ts'
import type { Tx } from '../platform/tx.ts'
import { codeCandidate } from './code.ts'
import type { Flow } from './flow.ts'

export type NewOrder<S extends string> = {
  id: string
  status: S
  ownerId: string | null
  customerRef: string | null
  currency: string
  /** Text for `numeric(14,2)`. */
  total: string
  /** Unset: the deadline of the status. */
  deadlineAt?: Date | null
  priority?: number
  data?: Record<string, unknown>
}

const MAX_CODE_CANDIDATES = 10

/**
 * Inserts the order with its code and its first event (`create`, version 1) and tells the reactions.
 * @throws Error when ten code candidates in a row are taken
 */
export async function createOrder<S extends string, T extends string>(
  tx: Tx,
  flow: Flow<S, T>,
  order: NewOrder<S>,
): Promise<{ id: string; code: string | null; version: number }> {
  const rule = flow.statuses[order.status]
  const deadlineAt =
    order.deadlineAt !== undefined
      ? order.deadlineAt
      : rule.deadlineSeconds === undefined
        ? null
        : new Date(tx.now.getTime() + rule.deadlineSeconds * 1000)
  const code = flow.codePrefix === null ? null : await claimCode(tx, flow.codePrefix, order.id)
  const actor = actorColumns(tx.actor)
  await sql`
    with o as (
      insert into orders (id, code, flow, status, version, priority, owner_id, customer_ref, currency, total, deadline_at, created_at, updated_at)
      values (${order.id}, ${code}, ${flow.name}, ${order.status}, 1, ${order.priority ?? 0}, ${order.ownerId}, ${order.customerRef},
              ${order.currency}, ${order.total}, ${deadlineAt}, ${tx.now}, ${tx.now})
    )
    insert into order_events (order_id, version, transition, status, actor_kind, actor_id, data, created_at)
    values (${order.id}, 1, 'create', ${order.status}, ${actor.kind}, ${actor.id}, ${JSON.stringify(order.data ?? null)}::jsonb, ${tx.now})
  `.execute(tx.db)
  const { id, ownerId, customerRef, status } = order
  await tx.react({
    flow: flow.name,
    transition: 'create',
    status,
    closed: false,
    orders: [{ id, version: 1, ownerId, customerRef }],
  })
  return { id, code, version: 1 }
}

/** A code that another order already has is skipped; the insert decides, so a parallel twin cannot take the same. */
async function claimCode(tx: Tx, prefix: string, orderId: string): Promise<string> {
  for (let n = 0; n < MAX_CODE_CANDIDATES; n++) {
    const code = codeCandidate(prefix, orderId, n)
    const claimed = await tx.db
      .insertInto('order_codes')
      .values({ code, order_id: orderId })
      .onConflict(oc => oc.doNothing())
      .executeTakeFirst()
    if (claimed.numInsertedOrUpdatedRows === 1n) return code
  }
  throw new Error(`no free code for order ${orderId} after ${MAX_CODE_CANDIDATES} candidates`)
}
