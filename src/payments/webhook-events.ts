import { sql } from 'kysely'
import { newId, sha256Hex } from '../platform/ids.ts'
import type { Tx } from '../platform/tx.ts'

/**
 * `late`: the money came when the order had moved on; `unknown`: we know neither payment nor order. A refusal is
 * recorded as well: in a transaction that survives it.
 */
export type WebhookOutcome = 'accepted' | 'duplicate' | 'late' | 'amount_mismatch' | 'unknown'

/** Writes one line of the append-only log of signed webhooks. `reference` is the payment or refund id that it named. */
export async function recordWebhook(
  tx: Tx,
  event: {
    scope: string
    reference: string
    orderId: string | null
    /** Text of `numeric(14,2)`, null when the webhook named none. */
    amount: string | null
    outcome: WebhookOutcome
    rawBody: string | Buffer
  },
): Promise<void> {
  await sql`
    insert into webhook_events (id, scope, reference, order_id, amount, outcome, body_hash, at)
    values (${newId()}, ${event.scope}, ${event.reference}, ${event.orderId}, ${event.amount}, ${event.outcome},
            ${sha256Hex(event.rawBody)}, ${tx.now})
  `.execute(tx.db)
}
