import type pg from 'pg'
import type { PgBoss } from 'pg-boss'
import type { JobHandler } from '../platform/job.ts'
import type { TxDeps } from '../platform/tx.ts'
import type { Meter } from './meter.ts'

/** What every part of the runtime works with; one per worker process. */
export type Runtime = TxDeps & {
  boss: PgBoss
  pool: pg.Pool
  workerId: string
  meter: Meter
  handlers: ReadonlyMap<string, JobHandler<never>>
  /** Deps that `outside` handlers get. */
  handlerDeps: unknown
  /** Aborted when the process begins to stop: no more fetching. */
  stopping: AbortSignal
}

/** One claimed attempt of this process. `retryCount` names the attempt and fences everything that is settled for it. */
export type Claim = Readonly<{
  id: string
  kind: string
  data: unknown
  retryCount: number
  /** Milliseconds since the epoch, by this process. */
  startedAt: number
  abort: AbortController
}>

/** The claim went to another attempt (a lost heartbeat, a cancellation): whatever was done for it rolls back. */
export class LostClaim extends Error {
  override name = 'LostClaim'
}

/** Postgres went away while a handler used it: nothing is wrong with the job. */
export class DatabaseGone extends Error {
  override name = 'DatabaseGone'
}

export const jobRunOf = (claim: Claim) => ({ id: claim.id, kind: claim.kind, attempt: claim.retryCount + 1 })

/** The pairs that pg-boss fences with. */
export const fenced = (claims: readonly Pick<Claim, 'id' | 'retryCount'>[]) =>
  claims.map(({ id, retryCount }) => ({ id, retryCount }))
