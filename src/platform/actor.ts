/** Roles of identity's users; routes and the authorization tests read this list. */
export const ROLES = ['jastiper', 'ops', 'admin', 'salesman', 'logistics', 'accountant', 'driver'] as const
export type Role = (typeof ROLES)[number]

/** Who acts. Stored with every order event, so it is plain data and never holds a secret. */
export type Actor =
  | { kind: 'public' }
  | { kind: 'user'; id: string; role: Role }
  /** A buyer who passed the challenge: one order, 30 minutes. A pass whose token was used up only reads. */
  | { kind: 'pass'; orderId: string; guestId: string; tokenId: string; readOnly: boolean }
  /** A caller proven by a signature, such as the payment provider's webhook. */
  | { kind: 'provider'; name: string }
  /** The monitoring token. */
  | { kind: 'monitor' }
  /** A job, a sweep, the CLI. */
  | { kind: 'system'; name: string }

export const systemActor = (name: string): Actor => ({ kind: 'system', name })
export const publicActor: Actor = { kind: 'public' }

/** What `order_events.actor_kind` and `actor_id` hold for this actor. */
export function actorColumns(actor: Actor): { kind: string; id: string | null } {
  switch (actor.kind) {
    case 'user':
      return { kind: actor.role, id: actor.id }
    case 'pass':
      return { kind: 'guest', id: actor.guestId }
    case 'provider':
    case 'system':
      return { kind: actor.kind, id: actor.name }
    default:
      return { kind: actor.kind, id: null }
  }
}
