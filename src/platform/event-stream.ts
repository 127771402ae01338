import type { Response } from 'express'

const HEARTBEAT_MS = 15_000
/** A client that takes nothing for so long is cut off; it resumes from the last event it has. */
const SLOW_CLIENT_MS = 30_000

type StreamEvent = { id: string; event: string; data: unknown }

export type EventStream = {
  /** Resolves when the client can take more; after the end it does nothing. */
  send(event: StreamEvent): Promise<void>
  /** Fires when the client left or the stream is to end. */
  ended: AbortSignal
}

export type EventStreamOptions = {
  /** How long clients wait before they come back, in milliseconds. */
  retryMs: number
  /** Ends the stream, when this process stops. */
  stopping: AbortSignal
  /** Ends the stream after this time; clients come back by themselves, and are authenticated anew. */
  limitMs: number
}

/**
 * Answers with server-sent events: `produce` sends until it is done or `ended` fires, then the response ends. A comment
 * every 15 s keeps proxies from closing it. Nothing is buffered beyond one event for a client that reads slowly.
 */
export async function streamEvents(
  res: Response,
  options: EventStreamOptions,
  produce: (stream: EventStream) => Promise<void>,
): Promise<void> {
  res.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    // nginx would hold events back.
    'X-Accel-Buffering': 'no',
  })
  if (res.req.method === 'HEAD') {
    res.end()
    return
  }
  const over = new AbortController()
  const end = () => over.abort()
  res.on('close', end)
  // A client that resets the connection is a client that left.
  res.on('error', end)
  options.stopping.addEventListener('abort', end, { once: true })
  if (options.stopping.aborted) end()
  const limit = setTimeout(end, options.limitMs).unref()
  const heartbeat = setInterval(() => {
    if (!res.writableNeedDrain) res.write(': still here\n\n')
  }, HEARTBEAT_MS).unref()
  res.write(`retry: ${options.retryMs}\n\n`)
  try {
    await produce({ send: event => send(res, over.signal, event), ended: over.signal })
  } finally {
    clearTimeout(limit)
    clearInterval(heartbeat)
    options.stopping.removeEventListener('abort', end)
  }
  res.end()
}

async function send(res: Response, ended: AbortSignal, event: StreamEvent): Promise<void> {
  if (ended.aborted) return
  // JSON has no line breaks, so one data line is enough.
  if (res.write(`id: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`)) return
  await new Promise<void>(resolve => {
    const done = () => {
      clearTimeout(tooSlow)
      res.off('drain', done)
      ended.removeEventListener('abort', done)
      resolve()
    }
    const tooSlow = setTimeout(() => res.destroy(), SLOW_CLIENT_MS).unref()
    res.on('drain', done)
    ended.addEventListener('abort', done, { once: true })
  })
}
