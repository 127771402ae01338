import { sql } from 'kysely'
import type { Db } from '../../platform/tx.ts'

/** Amounts are `numeric` text. */
export type Refund = {
  id: string
  orderId: string
  paymentId: string
  amount: string
  reason: string
  provider: 'gateway' | 'transfer'
  status: 'pending' | 'succeeded' | 'failed' | 'void'
  providerRefundId: string | null
  reference: string | null
  attempts: number
  createdAt: Date
  updatedAt: Date
  /** The payment that goes back. */
  paymentStatus: string
  providerPaymentId: string | null
}

const refunds = (db: Db) =>
  db
    .selectFrom('jastip_refunds as r')
    .innerJoin('jastip_payments as p', join =>
      join.onRef('p.order_id', '=', 'r.order_id').onRef('p.id', '=', 'r.payment_id'),
    )
    .select([
      'r.id',
      'r.order_id as orderId',
      'r.payment_id as paymentId',
      'r.amount',
      'r.reason',
      sql<Refund['provider']>`r.provider`.as('provider'),
      sql<Refund['status']>`r.status`.as('status'),
      'r.provider_refund_id as providerRefundId',
      'r.reference',
      'r.attempts',
      'r.created_at as createdAt',
      'r.updated_at as updatedAt',
      'p.status as paymentStatus',
      'p.provider_payment_id as providerPaymentId',
    ])

export async function findRefund(db: Db, orderId: string, id: string): Promise<Refund | undefined> {
  return await refunds(db).where('r.order_id', '=', orderId).where('r.id', '=', id).executeTakeFirst()
}

/** By `jastip_refunds_id`: a webhook names only the refund. */
export async function findRefundById(db: Db, id: string): Promise<Refund | undefined> {
  return await refunds(db).where('r.id', '=', id).executeTakeFirst()
}

/** Oldest first. */
export const listRefunds = (db: Db, orderId: string): Promise<Refund[]> =>
  refunds(db).where('r.order_id', '=', orderId).orderBy('r.created_at').orderBy('r.id').execute()
