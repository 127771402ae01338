import { sql } from 'kysely'
import type { Db, Tx } from '../platform/tx.ts'

/** `scope` is flow and provider, such as `jastip:gateway`; `reference` the payment id as the provider names it. */
export type PaymentReference = { scope: string; reference: string; orderId: string; paymentId: string; kind: string }
export type BoundReference = { orderId: string; paymentId: string; kind: string; createdAt: Date }

/**
 * Binds a provider's payment id to one payment of one order, once and for all. `new` when this call did; otherwise the
 * row of whoever came first, for the caller to judge (the same payment again, or a conflict). A parallel twin waits for
 * the first one's commit.
 */
export async function bindReference(tx: Tx, bound: PaymentReference): Promise<'new' | BoundReference> {
  const { rows } = await sql`
    insert into payment_references (scope, reference, order_id, payment_id, kind, created_at)
    values (${bound.scope}, ${bound.reference}, ${bound.orderId}, ${bound.paymentId}, ${bound.kind}, ${tx.now})
    on conflict do nothing
    returning order_id
  `.execute(tx.db)
  if (rows.length > 0) return 'new'
  const first = await findReference(tx.db, bound)
  if (first === undefined)
    throw new Error('a payment reference disappeared; rows of payment_references are never deleted')
  return first
}

/** What a provider's payment id is bound to, if anything. */
export async function findReference(
  db: Db,
  { scope, reference }: Pick<PaymentReference, 'scope' | 'reference'>,
): Promise<BoundReference | undefined> {
  const { rows } = await sql<BoundReference>`
    select order_id as "orderId", payment_id as "paymentId", kind, created_at as "createdAt"
    from payment_references where scope = ${scope} and reference = ${reference}
  `.execute(db)
  return rows[0]
}
