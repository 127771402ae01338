import { isConnectionError } from '../platform/errors.ts'
import { timeOfId } from '../platform/ids.ts'
import type { JobHandler } from '../platform/job.ts'
import { listen } from '../platform/listen.ts'
import type { Claims } from './claims.ts'
import { findDueKinds } from './pgboss-rows.ts'
import { runBatch, runOutside } from './run-claims.ts'
import type { Claim, Runtime } from './runtime.ts'
import { WAKE_CHANNEL } from './wake.ts'

const LOOK_MS = 1_000

/** One kind of jobs in this process. */
type Lane = {
  handler: JobHandler<never>
  /** Batches (`inTx`) or jobs (`outside`) that run now. */
  busy: number
  /** There may be due jobs: fetch until a fetch comes back short. */
  due: boolean
  fetching: boolean
}

export type Dispatcher = {
  /** These kinds have work. */
  wake(kinds: Iterable<string>): void
  /** Resolves when nothing of this process runs any more. */
  idle(): Promise<void>
  stop(): Promise<void>
}

/**
 * The one place of a process that fetches jobs. It hears which kinds have work by NOTIFY, and asks once a second with
 * one statement for all kinds, which finds retries, delayed jobs and lost wake-ups. `inTx` kinds are fetched in batches,
 * each batch one transaction; `outside` kinds have slots that refill one by one.
 */
export function startDispatcher(rt: Runtime, claims: Claims, databaseUrl: string): Dispatcher {
  const lanes = new Map<string, Lane>()
  for (const [kind, handler] of rt.handlers) lanes.set(kind, { handler, busy: 0, due: false, fetching: false })
  const running = new Set<Promise<void>>()

  function wake(kinds: Iterable<string>): void {
    for (const kind of kinds) {
      const lane = lanes.get(kind)
      if (lane === undefined) continue
      lane.due = true
      void pump(lane)
    }
  }

  async function pump(lane: Lane): Promise<void> {
    if (lane.fetching) return
    lane.fetching = true
    try {
      while (lane.due && lane.busy < lane.handler.contract.slots && !rt.stopping.aborted) await fetchOnce(lane)
    } catch (error) {
      const quiet = isConnectionError(error)
      rt.log[quiet ? 'debug' : 'error'](
        { err: error, kind: lane.handler.contract.kind },
        'fetching jobs failed; the next look tries again',
      )
    } finally {
      lane.fetching = false
    }
  }

  async function fetchOnce(lane: Lane): Promise<void> {
    const { contract, mode } = lane.handler
    const batchSize = mode === 'inTx' ? contract.batch : contract.slots - lane.busy
    lane.due = false
    const jobs = await rt.boss.fetch<object>(contract.kind, { batchSize })
    const now = Date.now()
    if (jobs.length === batchSize) lane.due = true
    if (jobs.length === 0) return
    const taken = jobs.map(job =>
      claims.add({
        id: job.id,
        kind: contract.kind,
        data: job.data,
        retryCount: (job as { retryCount?: number }).retryCount ?? 0,
        startedAt: now,
        abort: new AbortController(),
      }),
    )
    rt.meter.started(
      contract.kind,
      taken.map(claim => waitOf(claim, now)),
    )
    if (lane.handler.mode === 'inTx') run(lane, taken, runBatch(rt, lane.handler, taken))
    else for (const claim of taken) run(lane, [claim], runOutside(rt, lane.handler, claim))
  }

  function run(lane: Lane, taken: readonly Claim[], work: Promise<void>): void {
    lane.busy += 1
    const done = work
      .catch(error => rt.log.error({ err: error }, 'running a claim failed'))
      .finally(() => {
        lane.busy -= 1
        claims.remove(taken)
        running.delete(done)
        if (lane.due) void pump(lane)
      })
    running.add(done)
  }

  async function look(): Promise<void> {
    try {
      wake(await findDueKinds(rt.db, [...lanes.keys()]))
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
    idle: async () => {
      while (running.size > 0) await Promise.all(running)
    },
    stop: async () => {
      clearInterval(timer)
      await listener.close()
    },
  }
}

/** How long a first attempt waited: its id carries the moment at which it fell due. Retries are left out. */
function waitOf(claim: Claim, now: number): number {
  const due = claim.retryCount === 0 ? timeOfId(claim.id) : undefined
  return due === undefined ? 0 : Math.max(0, now - due)
}
