import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { systemActor } from '../platform/actor.ts'
import type { JobContract } from '../platform/job.ts'
import { inTransaction } from '../platform/tx.ts'
import { callOutside, crashHandlers, recordEffect } from './crash-jobs.ts'
import type { TestDatabase } from './database.ts'
import { testRuntime } from './job-runtime.ts'

export type CrashReport = {
  lost: number
  twice: number
  dead: number
  kills: number
  /** Workers that ended although nobody killed them. */
  gaveUp: number
  /** Attempts that a kill or a crash of Postgres took from a worker. */
  takenBack: number
  /** Longest time from a kill to the moment at which a job of the killed worker was free to run again, in seconds. */
  slowestRecoverySeconds: number
}

const GIVE_UP_MS = 240_000

/** A worker of this database in a process of its own, ready to take jobs. */
export async function spawnWorker(databaseUrl: string, env: Record<string, string> = {}): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'crash-worker.ts')], {
    env: { ...process.env, DATABASE_URL: databaseUrl, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`a worker ended with code ${code} before it was ready`)
  })
  exited.catch(() => undefined)
  await Promise.race([once(child, 'message'), exited])
  return child
}

/** Ends a process at once, as a crash would. */
export async function kill9(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await exited
  }
}

/**
 * Enqueues `jobs` of each kind, works them with two worker processes, kills one of them at random moments `kills` times,
 * calls `disturb` in the middle, and counts what became of the effects.
 */
export async function crashRun(
  database: TestDatabase,
  options: { jobs: number; kills: number; disturb?: () => Promise<void> },
): Promise<CrashReport> {
  await database.pool.query(
    'create table crash_effects (kind text, n int, at timestamptz not null default clock_timestamp())',
  )
  await enqueueAll(database, options.jobs)
  const killedAt: number[] = []
  let gaveUp = 0
  const spawnWatched = async () => {
    const child = await spawnWorker(database.url)
    child.once('exit', (_code, signal) => {
      if (signal !== 'SIGKILL') gaveUp += 1
    })
    return child
  }
  const workers = [await spawnWatched(), await spawnWatched()]
  try {
    for (let kill = 0; kill < options.kills; kill++) {
      await sleep(150 + Math.random() * 700)
      if (kill === Math.floor(options.kills / 2)) await options.disturb?.()
      const victim = kill % workers.length
      const child = workers[victim]
      if (child) await kill9(child)
      killedAt.push(Date.now())
      workers[victim] = await spawnWatched()
    }
    await untilDone(database.pool, options.jobs * 2)
  } finally {
    await Promise.all(workers.map(kill9))
  }
  return { ...(await report(database.pool, options.jobs, killedAt)), gaveUp }
}

async function enqueueAll(database: TestDatabase, jobs: number): Promise<void> {
  const rt = await testRuntime(database, crashHandlers)
  const payloads = Array.from({ length: jobs }, (_, n) => ({ n }))
  for (const job of [recordEffect, callOutside] as JobContract<{ n: number }>[]) {
    await inTransaction(rt, systemActor('test'), tx => tx.enqueue(job, payloads))
  }
  await rt.close()
}

async function untilDone(pool: pg.Pool, all: number): Promise<void> {
  const end = Date.now() + GIVE_UP_MS
  for (;;) {
    const { rows } = await pool.query(
      `select count(*) as n from pgboss.job where name like 'crash.%' and state in ('completed', 'failed')`,
    )
    if (rows[0].n >= all) return
    if (Date.now() > end) throw new Error(`only ${rows[0].n} of ${all} jobs are settled`)
    await sleep(250)
  }
}

async function report(pool: pg.Pool, jobs: number, killedAt: readonly number[]): Promise<Omit<CrashReport, 'gaveUp'>> {
  const { rows: counts } = await pool.query(
    `select count(*) as effects, count(distinct (kind, n)) as different,
       (select count(*) from dead_letters) as dead,
       (select count(*) from job_attempts where outcome in ('lost', 'handed_back')) as "takenBack"
     from crash_effects`,
  )
  const { effects, different, dead, takenBack } = counts[0]
  // A lost attempt is counted from the first kill after it began; when that one hit the other worker, it counts too long.
  const { rows: recovery } = await pool.query(
    `select max(extract(epoch from a.ended_at) - k.at) as slowest from job_attempts a
     cross join lateral (select min(at) as at from unnest($1::double precision[]) at where at >= extract(epoch from a.started_at)) k
     where a.outcome = 'lost'`,
    [killedAt.map(at => at / 1000)],
  )
  return {
    lost: jobs * 2 - different,
    twice: effects - different,
    dead,
    kills: killedAt.length,
    takenBack,
    slowestRecoverySeconds: Math.round(Number(recovery[0].slowest ?? 0) * 10) / 10,
  }
}
