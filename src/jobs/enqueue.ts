import { sql } from 'kysely'
import { chunksOf } from '../platform/chunks.ts'
import { newId } from '../platform/ids.ts'
import { type EnqueueOptions, type JobContract, type JobQueue, PRIORITIES } from '../platform/job.ts'
import type { TxDb } from '../platform/tx.ts'
import { insertWaitingJobs } from './pgboss-rows.ts'
import type { Waker } from './wake.ts'

/** Jobs per insert statement. */
const CHUNK = 1_000

/** The job store of transactions, in pg-boss' table. */
export function createJobQueue(waker: Waker): JobQueue {
  return { insert: insertJobs, wake: kinds => waker.wake(kinds) }
}

/**
 * Inserts in the caller's transaction. Ids are UUID v7 of the moment at which the job falls due, so that a worker knows
 * how long a job has waited without reading more columns. @throws ZodError when a payload breaks the contract
 */
async function insertJobs<P>(
  db: TxDb,
  job: JobContract<P>,
  payloads: readonly P[],
  options: EnqueueOptions & { now: Date },
): Promise<void> {
  const startAt = options.startAfter ?? options.now
  const priority = PRIORITIES[options.priority ?? job.priority]
  const all = payloads.map(payload => ({ id: newId(startAt), data: JSON.stringify(job.payload.parse(payload)) }))
  const jobs = job.key === undefined ? all : await claimKeys(db, job.kind, all, payloads.map(job.key))
  for (const chunk of chunksOf(jobs, CHUNK)) {
    const rows = { ids: chunk.map(({ id }) => id), payloads: chunk.map(({ data }) => data) }
    await insertWaitingJobs(db, job.kind, rows, { priority, startAt })
  }
}

/**
 * Keeps those jobs whose key no queued job has; a key that occurs twice keeps its first job. A key that is taken is locked
 * until this transaction ends: the job that holds it waits with its claim, and so sees what is committed here.
 */
async function claimKeys<J extends { id: string }>(db: TxDb, kind: string, jobs: J[], keys: string[]): Promise<J[]> {
  const firstOf = new Map<string, string>()
  for (const [n, job] of jobs.entries()) {
    const key = keys[n] ?? ''
    if (!firstOf.has(key)) firstOf.set(key, job.id)
  }
  const { rows } = await sql<{ job_id: string }>`
    insert into job_keys (kind, key, job_id)
    select ${kind}, key, id from unnest(${[...firstOf.keys()]}::text[], ${[...firstOf.values()]}::uuid[]) as k (key, id)
    order by key
    on conflict (kind, key) do update set key = excluded.key
    returning job_id
  `.execute(db)
  const claimed = new Set(rows.map(row => row.job_id))
  return jobs.filter(job => claimed.has(job.id))
}
