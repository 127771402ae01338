import { listen } from '../platform/listen.ts'
import type { Claims } from './claims.ts'
import { createLane, type Lane } from './lane.ts'
import { findDueKinds, findPausedKinds } from './pgboss-rows.ts'
import type { Runtime } from './runtime.ts'
import { createSlots } from './slots.ts'
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
  const slots = createSlots(rt, claims)

  function wake(kinds: Iterable<string>): void {
    for (const kind of kinds) {
      const lane = lanes.get(kind)
      if (lane === undefined) continue
      lane.due = true
      slots.fill(lane)
    }
  }

  async function look(): Promise<void> {
    try {
      wake(await lookAtLanes(rt, [...lanes.values()]))
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
    idle: slots.idle,
    stop: async () => {
      clearInterval(timer)
      await listener.close()
    },
  }
}

/** Notes which lanes are paused and returns the kinds of those that have due jobs. */
async function lookAtLanes(rt: Runtime, lanes: readonly Lane[]): Promise<string[]> {
  const paused = await findPausedKinds(rt.db)
  for (const lane of lanes) lane.paused = paused.has(lane.kind)
  // Not those whose slots are all taken: they look for themselves when one gets free.
  const asked = lanes.filter(lane => !lane.paused && lane.busy < lane.handler.contract.slots)
  return await findDueKinds(
    rt.db,
    asked.map(lane => lane.kind),
  )
}
