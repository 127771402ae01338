import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from './log.ts'

const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 1_000
const CONNECT_LIMIT_MS = 3_000
const HEARTBEAT_MS = 10_000
const ANSWER_LIMIT_MS = 5_000

export type Listener = {
  /** Resolves when the channel is heard for the first time, and at the latest on close; never rejects. */
  ready: Promise<void>
  /** Ends the connection; nothing is called afterwards. */
  close(): Promise<void>
}

export type ListenOptions = {
  log: Log
  /** Called each time the channel is heard again after a loss: notifications sent meanwhile are gone, look for yourself. */
  onReconnect?: () => void
  /** Pause between the queries that find a dead connection. Default 10 s. */
  heartbeatMs?: number
}

type Spec = ListenOptions & {
  databaseUrl: string
  channel: string
  onPayload: (payload: string) => void
  signal: AbortSignal
}

/**
 * Hears a NOTIFY channel on a connection of its own (never through a pooler in transaction mode). Never throws: while
 * the database is away it tries again, after at most one second each time, and calls `onReconnect` when it hears again.
 */
export function listen(
  databaseUrl: string,
  channel: string,
  onPayload: (payload: string) => void,
  options: ListenOptions,
): Listener {
  const stop = new AbortController()
  const ready = Promise.withResolvers<void>()
  const ended = keepListening({ ...options, databaseUrl, channel, onPayload, signal: stop.signal }, ready.resolve)
  return {
    ready: ready.promise,
    close: async () => {
      stop.abort()
      await ended
      ready.resolve()
    },
  }
}

async function keepListening(spec: Spec, onFirst: () => void): Promise<void> {
  let failures = 0
  let heardBefore = false
  const onListening = () => {
    failures = 0
    if (heardBefore) {
      spec.log.info({ channel: spec.channel }, 'listening to the database again')
      runSafely(spec, () => spec.onReconnect?.())
    }
    heardBefore = true
    onFirst()
  }
  while (!spec.signal.aborted) {
    try {
      await hearUntilLost(spec, onListening)
    } catch (error) {
      if (spec.signal.aborted) return
      // One line per loss, not one per try.
      if (failures === 0) spec.log.warn({ err: error, channel: spec.channel }, 'the listening connection was lost')
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS)
      failures += 1
      await sleep(delayMs, undefined, { ref: false, signal: spec.signal }).catch(() => undefined)
    }
  }
}

/** Returns only by throwing: the reason why the connection was lost. */
async function hearUntilLost(spec: Spec, onListening: () => void): Promise<never> {
  const heartbeatMs = spec.heartbeatMs ?? HEARTBEAT_MS
  // A socket of our own: client.end() would wait for a peer that is gone.
  const socket = new Socket()
  const client = new pg.Client({
    connectionString: spec.databaseUrl,
    application_name: `antre-listen ${spec.channel}`,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    query_timeout: Math.min(ANSWER_LIMIT_MS, heartbeatMs),
    stream: () => socket,
  })
  const lost = new Promise<never>((_resolve, reject) => {
    client.on('error', reject)
    client.on('end', () => reject(new Error('the connection ended')))
  })
  lost.catch(() => undefined)
  client.on('notification', message => {
    if (!spec.signal.aborted) runSafely(spec, () => spec.onPayload(message.payload ?? ''))
  })
  const cut = () => socket.destroy()
  spec.signal.addEventListener('abort', cut, { once: true })
  let heartbeat: NodeJS.Timeout | undefined
  try {
    await Promise.race([client.connect(), lost])
    await Promise.race([client.query(`listen ${client.escapeIdentifier(spec.channel)}`), lost])
    onListening()
    heartbeat = setInterval(() => client.query('select 1').catch(cut), heartbeatMs).unref()
    return await lost
  } finally {
    clearInterval(heartbeat)
    spec.signal.removeEventListener('abort', cut)
    cut()
  }
}

function runSafely(spec: Spec, fn: () => void): void {
  try {
    fn()
  } catch (error) {
    spec.log.error({ err: error, channel: spec.channel }, 'a listener threw')
  }
}
