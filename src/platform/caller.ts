import type { Actor } from './actor.ts'
import { AppError, forbidden, unauthorized } from './errors.ts'
import type { Caller, Method } from './http.ts'

/**
 * Lets an actor through to a route or throws: 401 when credentials are missing, 403 when they do not fit. A pass whose
 * token was used up only reads (401 `token_used`).
 */
export function admit(actor: Actor, who: readonly Caller[], method: Method): void {
  if (!mayCall(actor, who)) throw actor.kind === 'public' ? unauthorized() : forbidden()
  if (actor.kind === 'pass' && actor.readOnly && method !== 'get' && !who.includes('public')) {
    throw new AppError(401, 'token_used', 'This link was used already')
  }
}

function mayCall(actor: Actor, who: readonly Caller[]): boolean {
  // The handler of a signed route checks the signature, whoever sends it.
  if (who.includes('public') || who.includes('signed')) return true
  if (actor.kind === 'user') return who.includes(actor.role)
  return (actor.kind === 'pass' || actor.kind === 'monitor') && who.includes(actor.kind)
}
