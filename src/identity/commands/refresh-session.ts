import { sql } from 'kysely'
import { publicActor } from '../../platform/actor.ts'
import { unauthorized } from '../../platform/errors.ts'
import { inTransaction, type Tx } from '../../platform/tx.ts'
import type { IdentityDeps } from '../deps.ts'
import { hashToken } from '../secret-token.ts'
import { issueRefreshToken, type RefreshToken, revokeFamily } from '../session.ts'
import { signAccessToken } from '../signed-token.ts'

type Rotated = { familyId: string; userId: string; role: string }

/**
 * Takes a refresh token for a new one and an access token. Each token works once: of two parallel uses one wins, and the
 * second ends the family, the winner's successor included.
 * @throws AppError 401 `refresh_invalid`, `refresh_reused`
 */
export async function refreshSession(
  deps: IdentityDeps,
  token: string,
): Promise<{ accessToken: string; refresh: RefreshToken }> {
  const tokenHash = hashToken(token)
  // A reuse commits its revocation and only then becomes an error.
  const session = await inTransaction(deps, publicActor, async tx => {
    const rotated = await rotate(tx, tokenHash)
    if (!rotated) return await judgeRefused(tx, tokenHash)
    return {
      accessToken: await signAccessToken(deps.config, { id: rotated.userId, role: rotated.role }, tx.now),
      refresh: await issueRefreshToken(tx, rotated.userId, rotated.familyId),
    }
  })
  if (session === 'reused')
    throw unauthorized('refresh_reused', 'This session was ended, because its token was used twice')
  if (session === 'invalid') throw unauthorized('refresh_invalid', 'Log in again')
  return session
}

async function rotate(tx: Tx, tokenHash: string): Promise<Rotated | undefined> {
  const { rows } = await sql<Rotated>`
    update refresh_tokens t set rotated_at = ${tx.now}
    from users u
    where t.token_hash = ${tokenHash} and t.rotated_at is null and t.expires_at > ${tx.now}
      and u.id = t.user_id and u.is_active
      and not exists (select from refresh_tokens f where f.family_id = t.family_id and f.revoked_at is not null)
    returning t.family_id as "familyId", u.id as "userId", u.role`.execute(tx.db)
  return rows[0]
}

async function judgeRefused(tx: Tx, tokenHash: string): Promise<'reused' | 'invalid'> {
  const found = await tx.db
    .selectFrom('refresh_tokens')
    .select('rotated_at')
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
  if (!found?.rotated_at) return 'invalid'
  await revokeFamily(tx, tokenHash)
  return 'reused'
}
