import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { createJobQueue, createWaker, installQueues, startBoss } from '../src/jobs/index.ts'
import { systemActor } from '../src/platform/actor.ts'
import { createDb } from '../src/platform/db.ts'
import { createLog } from '../src/platform/log.ts'
import { inTransaction } from '../src/platform/tx.ts'
import { message, startPeer, stopPeer } from './child.ts'
import { withAntre, withDatabase } from './databases.ts'
import { type Bench, type BenchContext, interleave } from './harness.ts'
import { trivial } from './peers/trivial-job.ts'

/** Trivial jobs per second of one worker process, all jobs queued before it starts. */
export const bench: Bench = {
  name: 'drain',
  async run(context) {
    const jobs = context.size === 'full' ? 100_000 : 30_000
    const sides: Record<string, () => Promise<number>> = {
      antre: () => drainAntre(context, jobs),
      'pg-boss alone': () => drainPgBoss(context, jobs),
      'graphile-worker': () => drainGraphile(context, jobs),
    }
    if (context.redisUrl) sides.bullmq = () => drainBullmq(context, jobs)
    const rounds = await interleave(context, sides)
    const goals = [
      { ours: 'antre', reference: 'graphile-worker', atLeast: 1.3 },
      { ours: 'antre', reference: 'pg-boss alone', atLeast: 0.85 },
    ]
    if (context.redisUrl) goals.splice(1, 0, { ours: 'antre', reference: 'bullmq', atLeast: 1.5 })
    return { name: 'drain', rounds, unit: 'jobs/s', goals }
  },
}

/** From `go` until the peer handled every job and the store says that nothing is left. */
async function timeDrain(
  file: string,
  env: Record<string, string>,
  jobs: number,
  left: () => Promise<boolean>,
): Promise<number> {
  const child = await startPeer(file, { ...env, JOBS: String(jobs) })
  try {
    const handled = message(child, 'handled')
    const begin = performance.now()
    child.send('go')
    await handled
    while (await left()) await sleep(2)
    return (jobs / (performance.now() - begin)) * 1000
  } finally {
    await stopPeer(child)
  }
}

const notCompleted = (pool: pg.Pool, name: string) => async () => {
  const { rows } = await pool.query(
    `select exists (select 1 from pgboss.job_common where name = $1 and state = 'active') as left`,
    [name],
  )
  return rows[0].left as boolean
}

const payloads = (jobs: number) => Array.from({ length: jobs }, (_, n) => ({ n, note: 'a trivial job' }))

const drainAntre = (context: BenchContext, jobs: number) =>
  withAntre(context.postgresUrl, async (url, pool) => {
    await enqueueTrivial(pool, jobs)
    await pool.query('vacuum analyze pgboss.job_common')
    return await timeDrain('antre.ts', { DATABASE_URL: url }, jobs, notCompleted(pool, trivial.kind))
  })

const drainPgBoss = (context: BenchContext, jobs: number) =>
  withAntre(context.postgresUrl, async (url, pool) => {
    await enqueueTrivial(pool, jobs)
    await pool.query('drop index pgboss.antre_job_active')
    await pool.query('vacuum analyze pgboss.job_common')
    return await timeDrain('pg-boss.ts', { DATABASE_URL: url }, jobs, notCompleted(pool, trivial.kind))
  })

async function enqueueTrivial(pool: pg.Pool, jobs: number): Promise<void> {
  const log = createLog('error', 'bench')
  await installQueues(pool, log, [trivial as never])
  const boss = await startBoss(pool, log)
  const queue = createJobQueue(createWaker(pool, log))
  const deps = { db: createDb(pool), jobs: queue, reactions: [], log }
  await inTransaction(deps, systemActor('bench'), tx => tx.enqueue(trivial, payloads(jobs)))
  await boss.stop({ graceful: false, close: false })
}

const drainGraphile = (context: BenchContext, jobs: number) =>
  withDatabase(context.postgresUrl, async (url, pool) => {
    const { addGraphileJobs } = await import('./peers/graphile-setup.ts')
    await addGraphileJobs(url, pool, payloads(jobs))
    return await timeDrain('graphile-worker.ts', { DATABASE_URL: url }, jobs, async () => {
      const { rows } = await pool.query('select exists (select 1 from graphile_worker._private_jobs) as left')
      return rows[0].left as boolean
    })
  })

async function drainBullmq(context: BenchContext, jobs: number): Promise<number> {
  const url = context.redisUrl ?? ''
  const { addBullmqJobs } = await import('./peers/bullmq-setup.ts')
  const queue = await addBullmqJobs(url, payloads(jobs))
  try {
    return await timeDrain('bullmq.ts', { REDIS_URL: url }, jobs, async () => (await queue.getActiveCount()) > 0)
  } finally {
    await queue.obliterate({ force: true })
    await queue.close()
  }
}
