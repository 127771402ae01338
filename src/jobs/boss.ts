import type pg from 'pg'
import { PgBoss } from 'pg-boss'
import type { JobContract } from '../platform/job.ts'
import type { Log } from '../platform/log.ts'

export const DEAD_QUEUE = 'dead'
/** A claim whose heartbeat is older is lost; pg-boss allows no less. */
export const HEARTBEAT_SECONDS = 10
const TEN_YEARS = 10 * 365 * 86_400
const SEVEN_DAYS = 7 * 86_400

function bossOn(pool: pg.Pool, log: Log, migrate: boolean): PgBoss {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => pool.query(text, values) },
    schema: 'pgboss',
    migrate,
    // Ours: `supervise.ts` finds lost and expired claims, the schedules are `schedules.ts`.
    supervise: false,
    schedule: false,
    monitorIntervalSeconds: 3_600,
  })
  boss.on('error', error => log.warn({ err: error }, 'pg-boss reported an error'))
  return boss
}

/** pg-boss as API and workers use it: on our pool, without its own workers, timers and migrations. */
export async function startBoss(pool: pg.Pool, log: Log): Promise<PgBoss> {
  const boss = bossOn(pool, log, false)
  await boss.start()
  return boss
}

/**
 * Installs or upgrades pg-boss' schema, our index on its table, and one queue per contract with the contract's settings.
 * Idempotent; queues of contracts that are gone keep their jobs.
 */
export async function installQueues(pool: pg.Pool, log: Log, contracts: readonly JobContract<never>[]): Promise<void> {
  const boss = bossOn(pool, log, true)
  await boss.start()
  try {
    // Lost claims, running jobs and their counts are found without reading the queued and finished ones.
    await pool.query(
      `create index if not exists antre_job_active on pgboss.job_common (name, started_on) where state = 'active'`,
    )
    // Claims and completions turn over every row: vacuum by count, not by share of a table of finished jobs.
    await pool.query(`alter table pgboss.job_common set (
      autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0.2,
      autovacuum_analyze_scale_factor = 0.05)`)
    await ensureQueue(boss, DEAD_QUEUE, { retry: [5, 30, 300], timeoutSeconds: 60 }, null)
    for (const contract of contracts) await ensureQueue(boss, contract.kind, contract, DEAD_QUEUE)
  } finally {
    await boss.stop({ graceful: false, close: false })
  }
}

async function ensureQueue(
  boss: PgBoss,
  name: string,
  contract: Pick<JobContract<never>, 'retry' | 'timeoutSeconds'>,
  deadLetter: string | null,
): Promise<void> {
  const settings = {
    retryLimit: contract.retry.length,
    retryDelay: contract.retry[0] ?? 0,
    retryBackoff: false,
    expireInSeconds: contract.timeoutSeconds,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    retentionSeconds: TEN_YEARS,
    deleteAfterSeconds: SEVEN_DAYS,
    ...(deadLetter === null ? {} : { deadLetter }),
  }
  await boss.createQueue(name, settings)
  await boss.updateQueue(name, settings)
}
