import type { Actor } from '../../platform/actor.ts'
import { forbidden, notFound } from '../../platform/errors.ts'

/** The user who calls a route that only users may call. */
export function userId(actor: Actor): string {
  if (actor.kind !== 'user') throw forbidden()
  return actor.id
}

/** The pass of this very order; with the pass of another one the order does not exist. @throws AppError 404 */
export function passOf(actor: Actor, orderId: string): Extract<Actor, { kind: 'pass' }> {
  if (actor.kind !== 'pass' || actor.orderId !== orderId) throw notFound('Order')
  return actor
}
