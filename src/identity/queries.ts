import { type AppError, unauthorized } from '../platform/errors.ts'
import { type Db, databaseNow } from '../platform/tx.ts'
import { hashToken } from './secret-token.ts'

export type GuestToken = {
  id: string
  orderId: string
  guestId: string
  sellerId: string
  usedAt: Date | null
  revokedAt: Date | null
  expiresAt: Date
}

/** The row behind a link's token, whatever its state. */
export async function findGuestToken(db: Db, tokenHash: string): Promise<GuestToken | undefined> {
  return await db
    .selectFrom('guest_access_tokens')
    .select([
      'id',
      'order_id as orderId',
      'guest_id as guestId',
      'seller_id as sellerId',
      'used_at as usedAt',
      'revoked_at as revokedAt',
      'expires_at as expiresAt',
    ])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
}

/** Why a link's token no longer opens anything, as a 401; undefined while it does. */
export function explainClosedToken(token: GuestToken | undefined, now: Date): AppError | undefined {
  if (!token) return unauthorized('token_invalid', 'This link is not valid')
  if (token.revokedAt) return unauthorized('token_revoked', 'This link was replaced by a newer one or locked')
  if (token.usedAt) return unauthorized('token_used', 'This link was used already')
  if (token.expiresAt <= now) return unauthorized('token_expired', 'This link has expired')
  return undefined
}

/**
 * The open token behind a link.
 * @throws AppError 401 `token_invalid`, `token_revoked`, `token_used`, `token_expired`
 */
export async function getOpenToken(db: Db, token: string): Promise<GuestToken> {
  const found = await findGuestToken(db, hashToken(token))
  const closed = explainClosedToken(found, await databaseNow(db))
  if (closed || !found) throw closed
  return found
}

/** The public name of a seller. */
export async function findSlug(db: Db, userId: string): Promise<string | null> {
  const user = await db.selectFrom('users').select('slug').where('id', '=', userId).executeTakeFirst()
  return user?.slug ?? null
}
