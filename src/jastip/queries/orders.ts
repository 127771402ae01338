import { sql } from 'kysely'
import { notFound } from '../../platform/errors.ts'
import type { Db, Tx } from '../../platform/tx.ts'
import type { Breakdown } from '../fees.ts'
import { type JastipStatus, jastip } from '../flow.ts'

export type RefundStatus = 'none' | 'pending' | 'failed' | 'done'

/** One order with what jastip knows of it; amounts are `numeric` text. */
export type JastipOrder = {
  id: string
  code: string
  status: JastipStatus
  version: number
  ownerId: string
  guestId: string
  currency: string
  deadlineAt: Date | null
  createdAt: Date
  updatedAt: Date
  closedAt: Date | null
  tripId: string
  buyerName: string
  shippingAddress: Record<string, unknown> | null
  notes: string | null
  subtotal: string
  dpPercent: string
  dpAmount: string
  remainingAmount: string | null
  breakdown: Breakdown | null
  finalPaymentHours: number | null
  validationSeconds: number | null
  dpPaidAt: Date | null
  finalPaidAt: Date | null
  validatedAt: Date | null
  finalValidatedAt: Date | null
  rejectionReason: string | null
  courier: string | null
  trackingNumber: string | null
  shippedAt: Date | null
  refundStatus: RefundStatus
}

/** Both primary keys. */
const orders = (db: Db) =>
  db
    .selectFrom('orders as o')
    .innerJoin('jastip_orders as j', 'j.order_id', 'o.id')
    .where('o.flow', '=', jastip.name)
    .select([
      'o.id',
      sql<string>`o.code`.as('code'),
      sql<JastipStatus>`o.status`.as('status'),
      'o.version',
      sql<string>`o.owner_id`.as('ownerId'),
      'j.guest_id as guestId',
      'o.currency',
      'o.deadline_at as deadlineAt',
      'o.created_at as createdAt',
      'o.updated_at as updatedAt',
      'o.closed_at as closedAt',
      'j.trip_id as tripId',
      'j.buyer_name as buyerName',
      sql<Record<string, unknown> | null>`j.shipping_address`.as('shippingAddress'),
      'j.notes',
      'j.subtotal',
      'j.dp_percent as dpPercent',
      'j.dp_amount as dpAmount',
      'j.remaining_amount as remainingAmount',
      sql<Breakdown | null>`j.breakdown`.as('breakdown'),
      'j.final_payment_hours as finalPaymentHours',
      'j.validation_seconds as validationSeconds',
      'j.dp_paid_at as dpPaidAt',
      'j.final_paid_at as finalPaidAt',
      'j.validated_at as validatedAt',
      'j.final_validated_at as finalValidatedAt',
      'j.rejection_reason as rejectionReason',
      'j.courier',
      'j.tracking_number as trackingNumber',
      'j.shipped_at as shippedAt',
      sql<RefundStatus>`j.refund_status`.as('refundStatus'),
    ])

async function findJastipOrder(db: Db, id: string): Promise<JastipOrder | undefined> {
  return await orders(db).where('o.id', '=', id).executeTakeFirst()
}

/** Those of the orders that there are, in no particular order. */
export const listJastipOrders = (db: Db, ids: readonly string[]): Promise<JastipOrder[]> =>
  orders(db)
    .where('o.id', 'in', [...ids])
    .execute()

/** @throws AppError 404 when there is no such order of this flow */
export async function getJastipOrder(db: Db, id: string): Promise<JastipOrder> {
  const order = await findJastipOrder(db, id)
  if (order === undefined) throw notFound('Order')
  return order
}

/** @throws AppError 404 when the order is not of a trip of this jastiper */
export async function getOwnOrder(db: Db, jastiperId: string, id: string): Promise<JastipOrder> {
  const order = await getJastipOrder(db, id)
  if (order.ownerId !== jastiperId) throw notFound('Order')
  return order
}

/**
 * Locks the one order until the transaction ends: payments and refunds of an order are judged one after the other.
 * What is read is current. Undefined when there is no such order of this flow.
 */
export async function lockOrder(tx: Tx, id: string): Promise<JastipOrder | undefined> {
  await sql`select from orders where id = ${id} and flow = ${jastip.name} for update`.execute(tx.db)
  return await findJastipOrder(tx.db, id)
}
