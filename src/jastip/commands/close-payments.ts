import { sql } from 'kysely'
import type { Tx } from '../../platform/tx.ts'
import type { PaymentStatus } from '../queries/payments.ts'
import type { PaymentKind } from './submit-payment.ts'

/** Moves the payments of these orders from one status to another, set-wise. Returns how many moved. */
export async function closePayments(
  tx: Tx,
  orderIds: readonly string[],
  change: { from: PaymentStatus; to: PaymentStatus; kind?: PaymentKind },
): Promise<number> {
  if (orderIds.length === 0) return 0
  const changed = await sql`
    update jastip_payments set status = ${change.to}, updated_at = ${tx.now}
    where order_id = any(${orderIds}::uuid[]) and status = ${change.from}
      ${change.kind === undefined ? sql`` : sql`and kind = ${change.kind}`}
  `.execute(tx.db)
  return Number(changed.numAffectedRows ?? 0n)
}
