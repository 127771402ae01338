import type { Log } from '../platform/log.ts'
import { createPostgresEar } from './postgres-ear.ts'
import { createRedisEar } from './redis-ear.ts'
import { createWatchers, type OnUpdate } from './watchers.ts'

export type Updates = {
  /** Returns how to stop. Calling that twice does no harm. */
  subscribe(orderId: string, onUpdate: OnUpdate): () => void
  close(): Promise<void>
}

/**
 * Live updates of single orders. Both channels are heard while somebody watches, so that updates arrive whichever of
 * them the writer could use; a watcher may therefore be told twice, and must look at the order, not count the calls.
 */
export function createUpdates(options: { redisUrl: string | undefined; databaseUrl: string; log: Log }): Updates {
  const watchers = createWatchers()
  const ears = [createPostgresEar(options.databaseUrl, watchers, options.log)]
  if (options.redisUrl) ears.push(createRedisEar(options.redisUrl, watchers, options.log))
  return {
    subscribe: (orderId, onUpdate) => {
      // A wrapper of its own: the same function may watch twice.
      const watcher: OnUpdate = version => onUpdate(version)
      if (watchers.add(orderId, watcher)) for (const ear of ears) ear.add(orderId)
      return () => {
        if (watchers.remove(orderId, watcher)) for (const ear of ears) ear.remove(orderId)
      }
    },
    close: async () => {
      await Promise.all(ears.map(ear => ear.close()))
    },
  }
}
