import { type Listener, listen } from '../platform/listen.ts'
import type { Log } from '../platform/log.ts'
import { ORDERS_CHANNEL, parsePayload } from './announce.ts'
import type { Ear } from './redis-ear.ts'
import type { Watchers } from './watchers.ts'

/** Kept this long after the last watcher left: the next one is usually near. */
const LINGER_MS = 30_000

/**
 * Hears what processes without Redis announce, on one LISTEN connection of this process that is open while somebody
 * watches. Whenever it is heard (again), all watchers are told to look.
 */
export function createPostgresEar(databaseUrl: string, watchers: Watchers, log: Log): Ear {
  let listener: Listener | undefined
  let leaving: NodeJS.Timeout | undefined

  const hear = (payload: string) => {
    for (const [orderId, version] of parsePayload(payload)) watchers.nudge(orderId, version)
  }
  const close = async () => {
    clearTimeout(leaving)
    const closing = listener
    listener = undefined
    await closing?.close()
  }
  return {
    add: () => {
      clearTimeout(leaving)
      if (listener !== undefined) return
      listener = listen(databaseUrl, ORDERS_CHANNEL, hear, { log, onReconnect: watchers.nudgeAll })
      void listener.ready.then(watchers.nudgeAll)
    },
    remove: () => {
      if (watchers.orderIds().length > 0) return
      clearTimeout(leaving)
      leaving = setTimeout(() => void close(), LINGER_MS).unref()
    },
    close,
  }
}
