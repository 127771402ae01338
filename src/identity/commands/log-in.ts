import { publicActor } from '../../platform/actor.ts'
import { unauthorized } from '../../platform/errors.ts'
import { sha256Hex } from '../../platform/ids.ts'
import { givePointBack, takePoint } from '../../platform/rate-limit.ts'
import { inTransaction } from '../../platform/tx.ts'
import type { IdentityDeps } from '../deps.ts'
import { isRightPassword } from '../password.ts'
import { issueRefreshToken, type RefreshToken } from '../session.ts'
import { signAccessToken } from '../signed-token.ts'
import { type Account, findAccount, toUserView, type UserView } from '../users.ts'

const WINDOW_SECONDS = 15 * 60
const FAILURES_PER_ADDRESS = 20
const FAILURES_PER_ACCOUNT = 5

/**
 * Logs in with a password. Failures are counted for all processes, per address and per account, known or not; the point
 * is taken before the comparison and given back on success, so that parallel guesses cannot outrun the count.
 * @throws AppError 401 `bad_credentials`, the same for an unknown e-mail, a wrong password and a deactivated account;
 * 429 `rate_limited`
 */
export async function logIn(
  deps: IdentityDeps,
  given: { email: string; password: string; ip: string },
): Promise<{ user: UserView; accessToken: string; refresh: RefreshToken }> {
  const keys = await takePoints(deps, given)
  const account = await findAccount(deps.db, given.email)
  const isRight = await isRightPassword(account?.passwordHash, given.password)
  if (!account?.isActive || !isRight) throw unauthorized('bad_credentials', 'E-mail or password is wrong')
  for (const key of keys) await givePointBack(deps.db, key)
  return await beginSession(deps, account)
}

async function takePoints(deps: IdentityDeps, given: { email: string; ip: string }): Promise<string[]> {
  const factor = deps.config.RATE_LIMIT_FACTOR
  const address = `login address ${given.ip}`
  const account = `login account ${sha256Hex(given.email.toLowerCase())}`
  await takePoint(deps.db, address, { points: FAILURES_PER_ADDRESS, seconds: WINDOW_SECONDS, factor })
  await takePoint(deps.db, account, { points: FAILURES_PER_ACCOUNT, seconds: WINDOW_SECONDS, factor })
  return [address, account]
}

async function beginSession(deps: IdentityDeps, account: Account) {
  return await inTransaction(deps, publicActor, async tx => ({
    user: toUserView(account),
    accessToken: await signAccessToken(deps.config, account, tx.now),
    refresh: await issueRefreshToken(tx, account.id),
  }))
}
