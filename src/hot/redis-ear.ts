import type { Redis } from 'ioredis'
import type { Log } from '../platform/log.ts'
import { updatesChannel } from './hot-status.ts'
import { createRedisClient, endRedisClient } from './redis-client.ts'
import type { Watchers } from './watchers.ts'

const CHANNELS_PER_CALL = 1_000
const HEARTBEAT_MS = 10_000
const CHANNEL = /^order:(.+):updates$/

export type Ear = { add(orderId: string): void; remove(orderId: string): void; close(): Promise<void> }

/**
 * Hears the `order:{id}:updates` channels of the watched orders on one connection of this process, opened with the first
 * watcher. Whenever a channel is heard (again), its watchers are told to look: what was sent before is gone.
 */
export function createRedisEar(url: string, watchers: Watchers, log: Log): Ear {
  let redis: Redis | undefined
  let heartbeat: NodeJS.Timeout | undefined

  const open = (): Redis => {
    const client = createRedisClient(url, 'antre-updates', log)
    client.on('message', (channel: string, message: string) => {
      const orderId = CHANNEL.exec(channel)?.[1]
      if (orderId !== undefined) watchers.nudge(orderId, /^\d+$/.test(message) ? Number(message) : null)
    })
    client.on('ready', () => void subscribeAll(client, watchers))
    // A failed try is followed by others; until then Postgres and the watchers' own looks serve.
    client.connect().catch(() => undefined)
    // Finds a peer that is gone: the client drops a connection that owes an answer.
    heartbeat = setInterval(() => client.ping().catch(() => undefined), HEARTBEAT_MS).unref()
    return client
  }
  return {
    add: orderId => {
      redis ??= open()
      // Not ready: `ready` subscribes to everything that is watched then.
      if (redis.status === 'ready') {
        redis.subscribe(updatesChannel(orderId)).then(
          () => watchers.nudge(orderId, null),
          () => undefined,
        )
      }
    },
    remove: orderId => {
      if (redis?.status === 'ready') redis.unsubscribe(updatesChannel(orderId)).catch(() => undefined)
    },
    close: async () => {
      clearInterval(heartbeat)
      if (redis) endRedisClient(redis)
    },
  }
}

async function subscribeAll(client: Redis, watchers: Watchers): Promise<void> {
  const orderIds = watchers.orderIds()
  for (let i = 0; i < orderIds.length; i += CHANNELS_PER_CALL) {
    const part = orderIds.slice(i, i + CHANNELS_PER_CALL)
    // A connection that breaks meanwhile comes back and begins here again.
    await client.subscribe(...part.map(updatesChannel)).catch(() => undefined)
    for (const orderId of part) watchers.nudge(orderId, null)
  }
}
