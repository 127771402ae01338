import type { InTxHandler, JobHandler } from '../platform/job.ts'
import type { Claims } from './claims.ts'
import { runBatch, runOutside } from './run-claims.ts'
import { runLocked } from './run-locked.ts'
import type { Claim, Runtime } from './runtime.ts'
import { waitsOf } from './waits.ts'

/**
 * One kind of jobs in this process. An `inTx` lane starts slowly: its first job is claimed, then batches by row locks
 * double up to the contract's size. So a job that kills its worker loses attempts of its own after a few restarts, and
 * never takes those of its neighbours with it. Batches stop growing when their transaction gets long and shrink when it
 * gets too long: a job may carry one order or five hundred.
 */
export type Lane = {
  kind: string
  handler: JobHandler<never>
  /** Batches (`inTx`) or jobs (`outside`) that run now. */
  busy: number
  /** Jobs that run now. */
  jobs: number
  /** There may be due jobs: take more until a take comes back short. */
  due: boolean
  /** Somebody paused the kind: nothing is taken until the look finds it resumed. */
  paused: boolean
  /** `outside` only: a fetch for the free slots is under way. */
  isFetching: boolean
  /** Most jobs of the next batch; 1 claims. */
  size: number
}

/** A batch that took longer grows no further; one that took longer than the second is halved. */
const LONG_ENOUGH_MS = 250
const TOO_LONG_MS = 1_000

export const createLane = (handler: JobHandler<never>): Lane => ({
  kind: handler.contract.kind,
  handler,
  busy: 0,
  jobs: 0,
  due: false,
  paused: false,
  isFetching: false,
  size: 1,
})

/** Takes one batch of an `inTx` kind and runs it. `more` is called as soon as another slot could find work too. */
export async function takeBatch(
  rt: Runtime,
  claims: Claims,
  lane: Lane,
  handler: InTxHandler,
  more: () => void,
): Promise<void> {
  const limit = lane.size
  const onTaken = (jobs: number) => {
    if (jobs < limit) return
    lane.due = true
    more()
  }
  lane.due = false
  if (limit === 1) {
    onTaken(await takeClaims(rt, claims, lane, handler, 1, true))
    return
  }
  let taken = 0
  const startedAt = performance.now()
  const outcome = await runLocked(rt, handler, limit, jobs => {
    taken = jobs
    lane.jobs += jobs
    onTaken(jobs)
  }).finally(() => {
    lane.jobs -= taken
  })
  if (outcome !== 'done') lane.due = true
  if (outcome === 'failed') await takeAlone(rt, claims, lane, handler, limit)
  else if (outcome === 'done') adapt(lane, taken, performance.now() - startedAt)
}

/** As many jobs of an `outside` kind as there are free slots, each running for itself. Returns what runs. */
export async function takeSingly(rt: Runtime, claims: Claims, lane: Lane): Promise<Promise<void>[]> {
  const { handler } = lane
  if (handler.mode !== 'outside') return []
  const free = handler.contract.slots - lane.busy
  lane.due = false
  const taken = await fetchClaims(rt, claims, lane.kind, free)
  if (taken.length === free) lane.due = true
  return taken.map(claim => runOutside(rt, handler, claim).finally(() => claims.remove([claim])))
}

/** A claimed job's time runs while it waits for its turn: few are claimed at once. */
const FEW = 10

/** After a failed batch: as many jobs as it had, each in a transaction of its own. */
async function takeAlone(rt: Runtime, claims: Claims, lane: Lane, handler: InTxHandler, jobs: number): Promise<void> {
  for (let left = jobs; left > 0 && !rt.stopping.aborted; ) {
    const taken = await takeClaims(rt, claims, lane, handler, Math.min(left, FEW), false)
    if (taken === 0) return
    left -= taken
  }
}

/** Claims up to so many jobs, runs them and returns how many there were. */
async function takeClaims(
  rt: Runtime,
  claims: Claims,
  lane: Lane,
  handler: InTxHandler,
  limit: number,
  together: boolean,
): Promise<number> {
  const taken = await fetchClaims(rt, claims, lane.kind, limit)
  lane.jobs += taken.length
  try {
    if (taken.length > 0) await runBatch(rt, handler, taken, together)
    adapt(lane, taken.length, 0)
  } finally {
    lane.jobs -= taken.length
    claims.remove(taken)
  }
  return taken.length
}

function adapt(lane: Lane, ran: number, tookMs: number): void {
  if (tookMs > TOO_LONG_MS) lane.size = Math.max(2, Math.ceil(ran / 2))
  else if (ran >= lane.size && tookMs < LONG_ENOUGH_MS) lane.size = Math.min(lane.handler.contract.batch, lane.size * 2)
}

async function fetchClaims(rt: Runtime, claims: Claims, kind: string, batchSize: number): Promise<Claim[]> {
  const jobs = await rt.boss.fetch<object>(kind, { batchSize })
  const now = Date.now()
  const taken = jobs.map(job => {
    const retryCount = 'retryCount' in job ? Number(job.retryCount) : 0
    return claims.add({ id: job.id, kind, data: job.data, retryCount, startedAt: now, abort: new AbortController() })
  })
  rt.meter.started(kind, taken.length, waitsOf(taken, now))
  return taken
}
