import type pg from 'pg'
import { z } from 'zod'
import type { Log } from '../platform/log.ts'

/** The channel on which processes without Redis tell each other which orders moved. */
export const ORDERS_CHANNEL = 'antre_orders'

/** Postgres takes payloads of less than 8,000 bytes; all of ours is ASCII. */
const PAYLOAD_LIMIT_BYTES = 7_900

type Moved = { orderId: string; version: number }

export type Announcer = {
  /** Resolves when the notification is sent, or failed. Never throws: watchers look for themselves every few seconds. */
  announce(moved: readonly Moved[]): Promise<void>
}

/**
 * Tells watchers by NOTIFY, on its own and never inside a business transaction (a NOTIFY makes commits wait for each
 * other). What comes while one is being sent is sent together afterwards, the highest version per order.
 */
export function createAnnouncer(pool: pg.Pool, log: Log): Announcer {
  let pending = new Map<string, number>()
  let sending: Promise<void> | undefined
  let next: Promise<void> | undefined

  const send = async () => {
    const payloads = toPayloads(pending)
    pending = new Map()
    try {
      await pool.query('select pg_notify($1, payload) from unnest($2::text[]) as payload', [ORDERS_CHANNEL, payloads])
    } catch (error) {
      log.warn({ err: error }, 'watchers could not be told that orders moved')
    }
  }
  return {
    announce: async moved => {
      if (moved.length === 0) return
      for (const { orderId, version } of moved) pending.set(orderId, Math.max(version, pending.get(orderId) ?? 0))
      next ??= (async () => {
        await sending
        sending = next
        next = undefined
        await send()
      })()
      await next
    },
  }
}

/** JSON lists of [id, version], each short enough for one notification. */
export function toPayloads(moved: ReadonlyMap<string, number>): string[] {
  const payloads: string[] = []
  let items: string[] = []
  let bytes = 2
  for (const entry of moved) {
    const item = JSON.stringify(entry)
    if (bytes + item.length + 1 > PAYLOAD_LIMIT_BYTES) {
      payloads.push(`[${items.join(',')}]`)
      items = []
      bytes = 2
    }
    items.push(item)
    bytes += item.length + 1
  }
  if (items.length > 0) payloads.push(`[${items.join(',')}]`)
  return payloads
}

const payloadSchema = z.array(z.tuple([z.string(), z.number().int()]))

/** What a notification says. @throws when it is not one of ours */
export function parsePayload(payload: string): [orderId: string, version: number][] {
  return payloadSchema.parse(JSON.parse(payload))
}
