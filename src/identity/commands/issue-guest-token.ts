import { sql } from 'kysely'
import { newId } from '../../platform/ids.ts'
import type { Tx } from '../../platform/tx.ts'
import { hashToken, newSecretToken } from '../secret-token.ts'

const TOKEN_DAYS = 7

export type TokenPurpose = 'checkout' | 'order'

/**
 * A new token for a buyer's link to one order, good for 7 days and one successful action. Earlier unused ones of the
 * same order and purpose are revoked; of several issued at once the last to commit stays. Only its hash is stored.
 */
export async function issueGuestToken(
  tx: Tx,
  link: { orderId: string; guestId: string; sellerId: string; purpose: TokenPurpose },
): Promise<string> {
  const token = newSecretToken()
  // Held until the commit, so that a parallel issuer sees our row and revokes it.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${link.orderId}:${link.purpose}`}, 0))`.execute(tx.db)
  await sql`
    with earlier as (
      update guest_access_tokens set revoked_at = ${tx.now}
      where order_id = ${link.orderId} and purpose = ${link.purpose} and used_at is null and revoked_at is null
    )
    insert into guest_access_tokens (id, token_hash, order_id, guest_id, seller_id, purpose, created_at, expires_at)
    values (${newId()}, ${hashToken(token)}, ${link.orderId}, ${link.guestId}, ${link.sellerId}, ${link.purpose},
      ${tx.now}, ${tx.now}::timestamptz + make_interval(days => ${TOKEN_DAYS}))`.execute(tx.db)
  return token
}
