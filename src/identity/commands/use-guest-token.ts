import { unauthorized } from '../../platform/errors.ts'
import type { Tx } from '../../platform/tx.ts'

/**
 * Uses a buyer's token up in the transaction of the action that it paid for; its pass only reads from then on. A token
 * that was revoked after its pass was given still works, as the pass lives its 30 minutes.
 * @throws AppError 401 `token_used` for every action but the first
 */
export async function useGuestToken(tx: Tx, tokenId: string): Promise<void> {
  const { numUpdatedRows } = await tx.db
    .updateTable('guest_access_tokens')
    .set({ used_at: tx.now })
    .where('id', '=', tokenId)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw unauthorized('token_used', 'This link was used already')
}
