import { sql } from 'kysely'
import { publicActor } from '../../platform/actor.ts'
import { AppError } from '../../platform/errors.ts'
import { takePoint } from '../../platform/rate-limit.ts'
import { inTransaction, type Tx } from '../../platform/tx.ts'
import type { IdentityDeps } from '../deps.ts'
import { explainClosedToken, findGuestToken } from '../queries.ts'
import { hashToken } from '../secret-token.ts'
import { signPass } from '../signed-token.ts'

const MOST_WRONG_ANSWERS = 5
const DIGITS = 4

type Counted = { id: string; orderId: string; guestId: string; attempts: number; phone: string }
type Outcome = { attemptsLeft: number } | { counted: Counted; now: Date }

/**
 * Gives a pass for the order of a link to whoever knows the last four digits of the buyer's phone. Every attempt is
 * counted before it is compared, in a transaction that survives the refusal and holds the row, so that parallel guesses
 * count one by one; the fifth wrong one revokes the token.
 * @throws AppError 401 `challenge_failed` with attemptsLeft, `token_invalid`, `token_expired`, `token_used`,
 * `token_revoked`; 429 `rate_limited`
 */
export async function verifyChallenge(
  deps: IdentityDeps,
  given: { token: string; answer: string },
): Promise<{ pass: string; orderId: string; expiresAt: Date }> {
  const tokenHash = hashToken(given.token)
  const limit = { points: 5, seconds: 60, factor: deps.config.RATE_LIMIT_FACTOR }
  await takePoint(deps.db, `challenge ${tokenHash}`, limit)
  const outcome = await inTransaction(deps, publicActor, tx => judge(tx, tokenHash, given.answer))
  if ('attemptsLeft' in outcome) throw challengeFailed(outcome.attemptsLeft)
  const { id: tokenId, orderId, guestId } = outcome.counted
  return { ...(await signPass(deps.config, { guestId, orderId, tokenId }, outcome.now)), orderId }
}

async function judge(tx: Tx, tokenHash: string, answer: string): Promise<Outcome> {
  const counted = await countAttempt(tx, tokenHash)
  if (!counted) {
    throw explainClosedToken(await findGuestToken(tx.db, tokenHash), tx.now) ?? challengeFailed(0)
  }
  const { id, attempts, phone } = counted
  if (answer === phone.slice(-DIGITS)) {
    await change(tx, id, { verified_at: tx.now, attempts: attempts - 1 })
    return { counted, now: tx.now }
  }
  if (attempts >= MOST_WRONG_ANSWERS) await change(tx, id, { revoked_at: tx.now })
  return { attemptsLeft: MOST_WRONG_ANSWERS - attempts }
}

type Change = { verified_at: Date; attempts: number } | { revoked_at: Date }

async function change(tx: Tx, id: string, values: Change): Promise<void> {
  await tx.db.updateTable('guest_access_tokens').set(values).where('id', '=', id).execute()
}

async function countAttempt(tx: Tx, tokenHash: string): Promise<Counted | undefined> {
  const { rows } = await sql<Counted>`
    update guest_access_tokens t set attempts = t.attempts + 1
    from guests g
    where t.token_hash = ${tokenHash} and g.id = t.guest_id
      and t.revoked_at is null and t.used_at is null and t.expires_at > ${tx.now}
    returning t.id, t.order_id as "orderId", t.guest_id as "guestId", t.attempts, g.phone`.execute(tx.db)
  return rows[0]
}

const challengeFailed = (attemptsLeft: number): AppError =>
  new AppError(401, 'challenge_failed', 'These are not the last four digits of the phone that ordered', {
    extra: { attemptsLeft },
  })
