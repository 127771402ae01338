import { newId } from '../platform/ids.ts'
import type { Tx } from '../platform/tx.ts'
import { hashToken, newSecretToken } from './secret-token.ts'

const REFRESH_DAYS = 30
const DAY_MS = 86_400_000

export type RefreshToken = { token: string; expiresAt: Date }

/** Inserts the next refresh token of a family; without a family it begins one. Only its hash is stored. */
export async function issueRefreshToken(tx: Tx, userId: string, familyId: string = newId()): Promise<RefreshToken> {
  const token = newSecretToken()
  const expiresAt = new Date(tx.now.getTime() + REFRESH_DAYS * DAY_MS)
  await tx.db
    .insertInto('refresh_tokens')
    .values({
      id: newId(),
      family_id: familyId,
      user_id: userId,
      token_hash: hashToken(token),
      created_at: tx.now,
      expires_at: expiresAt,
    })
    .execute()
  return { token, expiresAt }
}

/** Ends the whole family of a token: a family is dead as soon as one of its tokens is revoked. Unknown tokens are fine. */
export async function revokeFamily(tx: Tx, tokenHash: string): Promise<void> {
  await tx.db
    .updateTable('refresh_tokens')
    .set({ revoked_at: tx.now })
    .where('token_hash', '=', tokenHash)
    .where('revoked_at', 'is', null)
    .execute()
}
