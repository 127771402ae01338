import { sql } from 'kysely'
import type { Tx } from '../../platform/tx.ts'

/** Ends every unused link of these orders, in one statement. Passes that are out live on. */
export async function revokeGuestTokens(tx: Tx, orderIds: readonly string[]): Promise<void> {
  await sql`
    update guest_access_tokens set revoked_at = ${tx.now}
    where order_id = any(${[...orderIds]}::uuid[]) and used_at is null and revoked_at is null`.execute(tx.db)
}
