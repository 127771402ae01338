import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { sql } from 'kysely'
import { type Actor, publicActor } from '../platform/actor.ts'
import type { Config } from '../platform/config.ts'
import { AppError } from '../platform/errors.ts'
import type { Db } from '../platform/tx.ts'
import { findGuestToken } from './queries.ts'
import { hashToken, looksLikeSecretToken } from './secret-token.ts'
import { invalidToken, readSignedToken, refuseExpired, type SignedToken } from './signed-token.ts'
import { getActiveUser } from './users.ts'

type AuthDeps = { db: Db; config: Pick<Config, 'JWT_SECRET' | 'MONITORING_TOKEN'> }

/**
 * Who sends these headers. Without credentials: public. Users and passes are looked up each time, so that a
 * deactivation, another role or a used-up link count from the next request on.
 * @throws AppError 401 `token_invalid`, `token_expired`; 403 `challenge_required` for the token of a link, which only
 * opens the challenge
 */
export async function authenticate(deps: AuthDeps, req: { headers: IncomingHttpHeaders }): Promise<Actor> {
  const { authorization } = req.headers
  if (authorization === undefined) return publicActor
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
  if (token === undefined) throw invalidToken()
  if (isEqualSecret(token, deps.config.MONITORING_TOKEN)) return { kind: 'monitor' }
  if (looksLikeSecretToken(token)) throw await refuseBareToken(deps.db, token)
  const signed = await readSignedToken(deps.config, token)
  return signed.aud === 'access' ? await userActor(deps.db, signed) : await passActor(deps.db, signed)
}

async function userActor(db: Db, signed: SignedToken & { aud: 'access' }): Promise<Actor> {
  const user = await getActiveUser(db, signed.sub)
  refuseExpired(signed, user.now)
  return { kind: 'user', id: user.id, role: user.role }
}

async function passActor(db: Db, signed: SignedToken & { aud: 'pass' }): Promise<Actor> {
  const token = await db
    .selectFrom('guest_access_tokens')
    .select(['used_at', sql<Date>`pgboss.job_now()`.as('now')])
    .where('id', '=', signed.token)
    .executeTakeFirst()
  if (!token) throw invalidToken()
  refuseExpired(signed, token.now)
  const { sub: guestId, order: orderId, token: tokenId } = signed
  return { kind: 'pass', orderId, guestId, tokenId, readOnly: token.used_at !== null }
}

async function refuseBareToken(db: Db, token: string): Promise<AppError> {
  const found = await findGuestToken(db, hashToken(token))
  return found ? new AppError(403, 'challenge_required', 'Pass the challenge of this link first') : invalidToken()
}

function isEqualSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
