import type pg from 'pg'
import type { Log } from '../platform/log.ts'

/** Channel on which dispatchers hear which kinds have work; the payload is kinds separated by commas. */
export const WAKE_CHANNEL = 'antre_jobs'

export type Waker = { wake(kinds: Iterable<string>): void; idle(): Promise<void> }

/**
 * Tells the dispatchers after a commit that kinds have work. NOTIFY inside a business transaction would take the one
 * lock that serialises all committers of the server, so it goes out on its own, and while one is under way the next
 * kinds gather for one more. Losing it only delays: every dispatcher looks each second.
 */
export function createWaker(pool: pg.Pool, log: Log): Waker {
  let waiting = new Set<string>()
  let sending: Promise<void> | undefined

  async function send(): Promise<void> {
    while (waiting.size > 0) {
      const kinds = [...waiting].join(',')
      waiting = new Set()
      try {
        await pool.query('select pg_notify($1, $2)', [WAKE_CHANNEL, kinds])
      } catch (error) {
        log.debug({ err: error }, 'a wake-up was not sent; the dispatchers look each second')
      }
    }
    sending = undefined
  }

  return {
    wake(kinds) {
      for (const kind of kinds) waiting.add(kind)
      sending ??= send()
    },
    idle: async () => await sending,
  }
}
