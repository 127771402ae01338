import { isConnectionError } from '../platform/errors.ts'
import { listen } from '../platform/listen.ts'
import type { Claims } from './claims.ts'
import { createLane, type Lane, takeBatch, takeSingly } from './lane.ts'
import { findDueKinds, findPausedKinds } from './pgboss-rows.ts'
import type { Runtime } from './runtime.ts'
import { WAKE_CHANNEL } from './wake.ts'

const LOOK_MS = 1_000

export type Dispatcher = {
  /** These kinds have work. */
  wake(kinds: Iterable<string>): void
  /** Jobs that run now. */
  running(): number
  /** Resolves when nothing of this process runs any more. */
  idle(): Promise<void>
  stop(): Promise<void>
}

/**
 * The one place of a process that takes jobs. It hears which kinds have work by NOTIFY, and asks once a second with one
 * statement for all kinds, which finds retries, delayed jobs and lost wake-ups. `inTx` kinds are taken in batches, each
 * batch one transaction; `outside` kinds have slots that refill one by one.
 */
export function startDispatcher(rt: Runtime, claims: Claims, databaseUrl: string): Dispatcher {
  const lanes = new Map([...rt.handlers].map(([kind, handler]) => [kind, createLane(handler)]))
  const running = new Set<Promise<void>>()

  function wake(kinds: Iterable<string>): void {
    for (const kind of kinds) {
      const lane = lanes.get(kind)
      if (lane === undefined) continue
      lane.due = true
      pump(lane)
    }
  }

  /** Starts one more slot of a lane that is due; the slot starts the next one when it finds a full batch. */
  function pump(lane: Lane): void {
    if (!lane.due || lane.paused || rt.stopping.aborted || lane.busy >= lane.handler.contract.slots) return
    if (lane.handler.mode === 'inTx') {
      const { handler } = lane
      track(
        lane,
        1,
        takeBatch(rt, claims, lane, handler, () => pump(lane)),
      )
    } else if (!pulling.has(lane)) {
      pulling.add(lane)
      void pull(lane)
    }
  }

  const pulling = new Set<Lane>()
  async function pull(lane: Lane): Promise<void> {
    try {
      for (const work of await takeSingly(rt, claims, lane)) track(lane, 1, work)
    } catch (error) {
      complain(lane, error)
    } finally {
      pulling.delete(lane)
    }
    pump(lane)
  }

  function track(lane: Lane, slots: number, work: Promise<void>): void {
    lane.busy += slots
    const done = work
      .catch(error => complain(lane, error))
      .finally(() => {
        lane.busy -= slots
        running.delete(done)
        pump(lane)
      })
    running.add(done)
  }

  function complain(lane: Lane, error: unknown): void {
    lane.due = false
    const level = isConnectionError(error) ? 'debug' : 'error'
    rt.log[level]({ err: error, kind: lane.kind }, 'taking jobs failed; the next look tries again')
  }

  async function look(): Promise<void> {
    try {
      const paused = await findPausedKinds(rt.db)
      for (const lane of lanes.values()) lane.paused = paused.has(lane.kind)
      // A busy `inTx` lane takes on until it finds nothing: asking for it would only walk what it has just finished.
      const asked = [...lanes.values()].filter(
        lane => !lane.paused && (lane.busy === 0 || lane.handler.mode === 'outside'),
      )
      wake(
        await findDueKinds(
          rt.db,
          asked.map(lane => lane.kind),
        ),
      )
    } catch (error) {
      rt.log.debug({ err: error }, 'the look for due jobs failed; it repeats every second')
    }
  }

  const timer = setInterval(look, LOOK_MS)
  const listener = listen(databaseUrl, WAKE_CHANNEL, payload => wake(payload.split(',')), {
    log: rt.log,
    onReconnect: look,
  })
  void look()
  return {
    wake,
    running: () =>
      [...lanes.values()].reduce((sum, lane) => sum + (lane.handler.mode === 'inTx' ? lane.jobs : lane.busy), 0),
    idle: async () => {
      while (running.size > 0) await Promise.all(running)
    },
    stop: async () => {
      clearInterval(timer)
      await listener.close()
    },
  }
}
