import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { z } from 'zod'
import { defineJob, inTx, type JobHandler, outside } from '../platform/job.ts'

const payload = z.strictObject({ n: z.number() })

/** Jobs with recorded effects: whoever kills processes counts `crash_effects` afterwards. */
export const recordEffect = defineJob('crash.record', { payload, batch: 10, slots: 2, retry: new Array(60).fill(1) })
export const callOutside = defineJob('crash.call', { payload, slots: 10, retry: new Array(60).fill(1) })

/** Waits for the outside as long as WAIT_MS says; detaches when it is asked to. */
export const waitOutside = defineJob('crash.wait', { payload, slots: 2, timeoutSeconds: 120 })

/** Number 13 kills the process that runs it, every time. */
export const killWorker = defineJob('crash.kill', { payload, batch: 100 })

/** Slow enough that a kill nearly always finds jobs in the middle of their transaction or call. */
export const crashHandlers: readonly JobHandler<never>[] = [
  inTx(recordEffect, async (tx, jobs) => {
    await sql`insert into crash_effects (kind, n) select 'crash.record', n from unnest(${jobs.map(job => job.n)}::int[]) n`.execute(
      tx.db,
    )
    await sql`select pg_sleep(0.05)`.execute(tx.db)
  }),
  outside(callOutside, async (_deps: object, job, run) => {
    await sleep(100)
    await run.complete(async tx => {
      await sql`insert into crash_effects (kind, n) values ('crash.call', ${job.n})`.execute(tx.db)
    })
  }),
  outside(waitOutside, async (_deps: object, job, run) => {
    await sleep(Number(process.env.WAIT_MS ?? 0), undefined, { signal: run.signal })
    await run.complete(async tx => {
      await sql`insert into crash_effects (kind, n) values ('crash.wait', ${job.n})`.execute(tx.db)
    })
  }),
  inTx(killWorker, async (tx, jobs) => {
    await sql`insert into crash_effects (kind, n) select 'crash.kill', n from unnest(${jobs.map(job => job.n)}::int[]) n`.execute(
      tx.db,
    )
    if (jobs.some(job => job.n === 13)) process.kill(process.pid, 'SIGKILL')
  }),
]
