import { sql } from 'kysely'
import type { Actor } from './actor.ts'
import { conflict } from './errors.ts'
import { sha256Hex } from './ids.ts'
import type { Tx } from './tx.ts'

const KEPT_HOURS = 24

/** Either the id of what the first call created, or the duty to store it in this same transaction. */
export type IdempotencyClaim =
  | { replayOf: string; status: number }
  | { replayOf?: undefined; store(resourceId: string, status: number): Promise<void> }

/** Whose keys these are: the user's, the pass', and for the public those of an equal body. */
export function idempotencyScope(actor: Actor, body: unknown): string {
  switch (actor.kind) {
    case 'user':
      return `user:${actor.id}`
    case 'pass':
      return `pass:${actor.orderId}:${actor.guestId}`
    default:
      return `body:${sha256Hex(canonicalJson(body))}`
  }
}

/**
 * Claims an Idempotency-Key in the transaction of the command, before anything else is written. A parallel twin waits
 * here for the commit and then gets `replayOf`; after a rollback it is the first itself, so only successes are kept.
 * Without a key nothing is claimed and `store` does nothing.
 * @throws AppError 409 `idempotency_conflict` when the key came with another body within 24 h
 */
export async function claimIdempotencyKey(
  tx: Tx,
  call: { scope: string; route: string; key: string | undefined; body: unknown },
): Promise<IdempotencyClaim> {
  const { scope, route, key } = call
  if (key === undefined) return { store: async () => undefined }
  const bodyHash = sha256Hex(canonicalJson(call.body))
  const claimed = await sql`
    insert into idempotency_keys as k (scope, route, key, body_hash, created_at)
    values (${scope}, ${route}, ${key}, ${bodyHash}, ${tx.now})
    on conflict (scope, route, key) do update
      set body_hash = excluded.body_hash, resource_id = null, status = null, created_at = excluded.created_at
      where k.created_at <= excluded.created_at - make_interval(hours => ${KEPT_HOURS})
    returning 1 as claimed`.execute(tx.db)
  if (claimed.rows.length > 0)
    return { store: (resourceId, status) => store(tx, { scope, route, key }, resourceId, status) }
  return await readFirst(tx, { scope, route, key }, bodyHash)
}

type Key = { scope: string; route: string; key: string }

async function readFirst(tx: Tx, { scope, route, key }: Key, bodyHash: string): Promise<IdempotencyClaim> {
  const first = await tx.db
    .selectFrom('idempotency_keys')
    .select(['body_hash', 'resource_id', 'status'])
    .where('scope', '=', scope)
    .where('route', '=', route)
    .where('key', '=', key)
    .executeTakeFirst()
  if (first?.body_hash !== bodyHash || first.resource_id === null) {
    throw conflict('idempotency_conflict', 'This Idempotency-Key was used with another request')
  }
  return { replayOf: first.resource_id, status: first.status ?? 200 }
}

async function store(tx: Tx, { scope, route, key }: Key, resourceId: string, status: number): Promise<void> {
  await tx.db
    .updateTable('idempotency_keys')
    .set({ resource_id: resourceId, status })
    .where('scope', '=', scope)
    .where('route', '=', route)
    .where('key', '=', key)
    .execute()
}

/** JSON with sorted keys: equal for equal bodies, however the caller ordered them. */
export function canonicalJson(value: unknown): string {
  const sorted = (_key: string, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part
  return JSON.stringify(value, sorted) ?? 'null'
}
