import type { Response } from 'express'
import type { Hot } from '../hot/index.ts'
import { isConnectionError } from '../platform/errors.ts'
import { streamEvents } from '../platform/event-stream.ts'
import type { Log } from '../platform/log.ts'
import type { Db } from '../platform/tx.ts'
import { createBell } from './bell.ts'
import { listEvents, type OrderEvent } from './queries.ts'

export type StreamDeps = { db: Db; hot: Pick<Hot, 'subscribe'>; log: Log; stopping: AbortSignal }

const RETRY_MS = 2_000
/** A lost nudge delays an event by this much at most. */
const LOOK_EVERY_MS = 5_000
/** As long as an access token: what has run out or was withdrawn ends here at the latest. */
const STREAM_LIMIT_MS = 15 * 60_000

/**
 * Sends the order's events after a version as they come, each exactly once and in order, until the client leaves. They
 * are read from `order_events` (its primary key); nudges only say when to look.
 */
export async function streamOrderEvents(
  deps: StreamDeps,
  res: Response,
  orderId: string,
  after: number,
): Promise<void> {
  const options = { retryMs: RETRY_MS, stopping: deps.stopping, limitMs: STREAM_LIMIT_MS }
  await streamEvents(res, options, async ({ send, ended }) => {
    const bell = createBell()
    let sent = after
    // Before the first look, so that nothing falls between the two.
    const unsubscribe = deps.hot.subscribe(orderId, version => {
      if (version === null || version > sent) bell.ring()
    })
    try {
      while (!ended.aborted) {
        for (const event of await look(deps, orderId, sent)) {
          if (ended.aborted) return
          await send(toStreamEvent(orderId, event))
          sent = event.version
        }
        await bell.heard(LOOK_EVERY_MS, ended)
      }
    } finally {
      unsubscribe()
    }
  })
}

/** While the database is away the stream stays open and looks again. */
async function look(deps: StreamDeps, orderId: string, after: number): Promise<OrderEvent[]> {
  try {
    return await listEvents(deps.db, orderId, after)
  } catch (error) {
    if (!isConnectionError(error)) throw error
    deps.log.debug({ err: error, order_id: orderId }, 'an event stream could not look at its order; it tries again')
    return []
  }
}

const toStreamEvent = (orderId: string, { version, status, transition, at }: OrderEvent) => ({
  id: String(version),
  event: 'status',
  data: { orderId, version, status, transition, at: at.toISOString() },
})
