import { publicActor } from '../../platform/actor.ts'
import { inTransaction } from '../../platform/tx.ts'
import type { IdentityDeps } from '../deps.ts'
import { hashToken } from '../secret-token.ts'
import { revokeFamily } from '../session.ts'

/** Ends the session of a refresh token. Repeating it, or a token that nobody knows, changes nothing. */
export async function logOut(deps: IdentityDeps, token: string): Promise<void> {
  await inTransaction(deps, publicActor, tx => revokeFamily(tx, hashToken(token)))
}
