import { sql } from 'kysely'
import { actorColumns } from '../platform/actor.ts'
import { conflict, notFound } from '../platform/errors.ts'
import type { Tx } from '../platform/tx.ts'
import type { Flow } from './flow.ts'

export type MovedOrder = {
  id: string
  code: string | null
  version: number
  status: string
  ownerId: string | null
  customerRef: string | null
  currency: string
  total: string
  deadlineAt: Date | null
}

export type AdvanceOptions = {
  reason?: string
  /** Stored with each event; the same for the whole set. */
  data?: Record<string, unknown>
  /** Timer jobs only: moves an order only while its deadline is not after this moment, so a job for an old deadline does nothing. */
  dueAt?: Date
  /** Instead of the deadline that the status would set. */
  deadlineAt?: Date | null
  /** Text for `numeric(14,2)`: the order's new total. */
  total?: string
}

/**
 * Moves those of the orders that are in a from-status of the transition, in one guarded statement, writes one event per
 * moved order and tells the reactions, all in the caller's transaction. The others stay as they are: of two racing moves
 * exactly one matches. Returns the orders that moved, in no particular order.
 */
export async function advance<S extends string, T extends string>(
  tx: Tx,
  flow: Flow<S, T>,
  transition: T,
  orderIds: readonly string[],
  options: AdvanceOptions = {},
): Promise<MovedOrder[]> {
  if (orderIds.length === 0) return []
  const moved = await moveGuarded(tx, flow, transition, orderIds, options)
  if (moved.length === 0) return []
  await writeEvents(tx, transition, moved, options)
  for (const [status, orders] of Map.groupBy(moved, order => order.status)) {
    await tx.react({ flow: flow.name, transition, status, closed: closesOrder(flow, transition, status as S), orders })
  }
  return moved
}

/** `advance` for one order. @throws AppError 409 `order_wrong_state` with `currentStatus`, 404 when the flow has no such order */
export async function advanceOne<S extends string, T extends string>(
  tx: Tx,
  flow: Flow<S, T>,
  transition: T,
  orderId: string,
  options: AdvanceOptions = {},
): Promise<MovedOrder> {
  const [moved] = await advance(tx, flow, transition, [orderId], options)
  if (moved !== undefined) return moved
  const current = await tx.db
    .selectFrom('orders')
    .select('status')
    .where('id', '=', orderId)
    .where('flow', '=', flow.name)
    .executeTakeFirst()
  if (current === undefined) throw notFound('Order')
  throw conflict('order_wrong_state', `The order is ${current.status} and cannot do this now`, {
    currentStatus: current.status,
  })
}

function closesOrder<S extends string, T extends string>(flow: Flow<S, T>, transition: T, status: S): boolean {
  return flow.transitions[transition].closes === true || flow.statuses[status].closes === true
}

async function moveGuarded<S extends string, T extends string>(
  tx: Tx,
  flow: Flow<S, T>,
  transition: T,
  orderIds: readonly string[],
  options: AdvanceOptions,
): Promise<MovedOrder[]> {
  const { from, to } = flow.transitions[transition]
  const stays = to === 'same'
  const closes = stays ? flow.transitions[transition].closes === true : closesOrder(flow, transition, to)
  const { rows } = await sql<MovedOrder>`
    update orders set
      ${stays ? sql`` : sql`status = ${to},`}
      version = version + 1,
      updated_at = ${tx.now}
      ${deadlineChange(tx, flow, transition, options)}
      ${options.total === undefined ? sql`` : sql`, total = ${options.total}`}
      ${closes ? sql`, closed_at = ${tx.now}` : sql``}
    where id = any(${orderIds}::uuid[]) and flow = ${flow.name} and status = any(${from}::text[]) and closed_at is null
      ${options.dueAt === undefined ? sql`` : sql`and deadline_at <= ${options.dueAt}`}
    returning id, code, version, status, owner_id as "ownerId", customer_ref as "customerRef", currency, total, deadline_at as "deadlineAt"
  `.execute(tx.db)
  return rows
}

/** Every change of the deadline clears `deadline_queued_at`, so that the sweep sees the new one. */
function deadlineChange<S extends string, T extends string>(
  tx: Tx,
  flow: Flow<S, T>,
  transition: T,
  options: AdvanceOptions,
) {
  if (options.deadlineAt !== undefined) return sql`, deadline_at = ${options.deadlineAt}, deadline_queued_at = null`
  const { to } = flow.transitions[transition]
  if (to === 'same') return sql``
  const rule = flow.statuses[to]
  // The deadline stays, but it may mean another job now.
  if (rule.keepsDeadline) return sql`, deadline_queued_at = null`
  const at = rule.deadlineSeconds === undefined ? null : new Date(tx.now.getTime() + rule.deadlineSeconds * 1000)
  return sql`, deadline_at = ${at}, deadline_queued_at = null`
}

async function writeEvents(
  tx: Tx,
  transition: string,
  moved: readonly MovedOrder[],
  options: AdvanceOptions,
): Promise<void> {
  const actor = actorColumns(tx.actor)
  await sql`
    insert into order_events (order_id, version, transition, status, actor_kind, actor_id, reason, data, created_at)
    select id, version, ${transition}, status, ${actor.kind}, ${actor.id}, ${options.reason ?? null},
           ${options.data === undefined ? null : JSON.stringify(options.data)}::jsonb, ${tx.now}
    from unnest(${moved.map(order => order.id)}::uuid[], ${moved.map(order => order.version)}::int[], ${moved.map(order => order.status)}::text[])
      as moved (id, version, status)
  `.execute(tx.db)
}
