import { sql } from 'kysely'
import type { Db } from '../../platform/tx.ts'

export type PaymentStatus = 'pending' | 'claimed' | 'succeeded' | 'refused' | 'failed' | 'expired' | 'mismatched'

/** Amounts are `numeric` text. */
export type Payment = {
  id: string
  orderId: string
  kind: 'dp' | 'final'
  provider: 'gateway' | 'transfer'
  amount: string
  receivedAmount: string | null
  providerPaymentId: string | null
  link: string | null
  expiresAt: Date | null
  status: PaymentStatus
  createdAt: Date
}

const payments = (db: Db, orderId: string) =>
  db
    .selectFrom('jastip_payments')
    .where('order_id', '=', orderId)
    .select([
      'id',
      'order_id as orderId',
      sql<Payment['kind']>`kind`.as('kind'),
      sql<Payment['provider']>`provider`.as('provider'),
      'amount',
      'received_amount as receivedAmount',
      'provider_payment_id as providerPaymentId',
      'link',
      'expires_at as expiresAt',
      sql<PaymentStatus>`status`.as('status'),
      'created_at as createdAt',
    ])

export async function findPayment(db: Db, orderId: string, id: string): Promise<Payment | undefined> {
  return await payments(db, orderId).where('id', '=', id).executeTakeFirst()
}

/** Oldest first. */
export const listPayments = (db: Db, orderId: string): Promise<Payment[]> =>
  payments(db, orderId).orderBy('created_at').orderBy('id').execute()

/** Whether the gateway reported money of this kind: then nobody may say that it never came. */
export async function isConfirmedByGateway(db: Db, orderId: string, kind: Payment['kind']): Promise<boolean> {
  const paid = await payments(db, orderId)
    .where('kind', '=', kind)
    .where('provider', '=', 'gateway')
    .where('status', '=', 'succeeded')
    .executeTakeFirst()
  return paid !== undefined
}
