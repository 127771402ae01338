import { sql } from 'kysely'
import { z } from 'zod'
import { defineJob, type OutsideHandler, type OutsideRun, outside } from '../platform/job.ts'
import type { Tx } from '../platform/tx.ts'
import { pruneFinishedJobs } from './prune-jobs.ts'

/** Rows of `table` go `days` after the moment in `column` (null: never), those that match `where` (SQL of ours) alone. */
export type RetentionRule = Readonly<{ table: string; column: string; days: number; where?: string }>

export const jobsPrune = defineJob('jobs.prune', {
  payload: z.strictObject({}),
  key: () => 'prune',
  slots: 1,
  timeoutSeconds: 900,
  priority: 'low',
})

/** What the job runtime keeps, and how long. */
export const jobRetention: readonly RetentionRule[] = [
  { table: 'job_attempts', column: 'ended_at', days: 30 },
  { table: 'dead_letters', column: 'redriven_at', days: 180 },
  { table: 'dead_letters', column: 'discarded_at', days: 180 },
  { table: 'schedule_runs', column: 'slot', days: 2 },
  { table: 'job_minutes', column: 'minute', days: 8 },
  { table: 'workers', column: 'last_seen', days: 1 },
  { table: 'idempotency_keys', column: 'created_at', days: 1 },
]

const BATCH_ROWS = 5_000

/**
 * Deletes what is older than the rules allow, in short transactions of at most 5,000 rows each, so that it never holds
 * locks or a snapshot for long. When the process stops in the middle, the job goes on elsewhere.
 */
export function pruneHandler(rules: readonly RetentionRule[]): OutsideHandler<unknown> {
  return outside(jobsPrune, async (_deps, _payload, run) => {
    for (const rule of rules) await inBatches(run, tx => pruneTable(tx, rule, BATCH_ROWS))
    await inBatches(run, tx => pruneFinishedJobs(tx, BATCH_ROWS))
    await run.transaction(freeOrphanedKeys)
  })
}

async function inBatches(run: OutsideRun, prune: (tx: Tx) => Promise<number>): Promise<void> {
  do run.signal.throwIfAborted()
  while ((await run.transaction(prune)) === BATCH_ROWS)
}

/** Returns how many rows it deleted, at most `limit`. */
async function pruneTable(tx: Tx, rule: RetentionRule, limit: number): Promise<number> {
  const table = sql.table(rule.table)
  const before = new Date(tx.now.getTime() - rule.days * 86_400_000)
  const { numAffectedRows } = await sql`
    delete from ${table} where ctid = any(array(
      select ctid from ${table} where ${sql.ref(rule.column)} < ${before} and ${sql.raw(rule.where ?? 'true')} limit ${limit}))
  `.execute(tx.db)
  return Number(numAffectedRows ?? 0n)
}

/** A key whose job does not wait any more (it died before a handler saw it) would keep its kind from queueing it again. */
async function freeOrphanedKeys(tx: Tx): Promise<void> {
  await sql`
    delete from job_keys k where not exists (
      select 1 from pgboss.job_common j where j.name = k.kind and j.id = k.job_id and j.state <= 'active')
  `.execute(tx.db)
}
