import { sql } from 'kysely'
import { z } from 'zod'
import { systemActor } from '../platform/actor.ts'
import {
  defineJob,
  type EnqueueOptions,
  inTx,
  type JobContract,
  type JobHandler,
  outside,
  Permanent,
} from '../platform/job.ts'
import { inTransaction } from '../platform/tx.ts'
import type { TestDatabase } from './database.ts'
import { drain } from './drain.ts'
import { testRuntime } from './job-runtime.ts'

const payload = z.strictObject({
  n: z.number().default(0),
  orderId: z.uuid().optional(),
  orderIds: z.array(z.uuid()).optional(),
})
export type Work = z.infer<typeof payload>

/** Does what `behave` says and records that it ran. */
export const act = defineJob('test.act', { payload, priority: 'high' })
/** Is only ever queued. */
export const wait = defineJob('test.wait', { payload })
/** Is only ever claimed. */
export const hold = defineJob('test.hold', { payload, slots: 4 })
/** Queues one job per `n`. */
export const keyed = defineJob('test.keyed', { payload, key: job => `n${job.n}` })

export type JobWorld = Awaited<ReturnType<typeof jobWorld>>

/** A runtime whose jobs a test can put into every state. Effects are rows of the table `effects`. */
export async function jobWorld(database: TestDatabase) {
  let behave: (job: Work) => void = () => undefined
  const record = inTx(act, async (tx, jobs) => {
    for (const job of jobs) {
      await sql`insert into effects (n) values (${job.n})`.execute(tx.db)
      behave(job)
    }
  })
  const idle = async () => undefined
  const handlers: JobHandler<never>[] = [record, inTx(wait, idle), outside(hold, idle), inTx(keyed, idle)]
  await database.pool.query('create table if not exists effects (n integer not null)')
  const rt = await testRuntime(database, handlers)
  const enqueue = <P>(job: JobContract<P>, payloads: P[], options: EnqueueOptions = {}) =>
    inTransaction(rt, systemActor('test'), tx => tx.enqueue(job, payloads, options))
  const rows = async <T extends object>(text: string, values: unknown[] = []): Promise<T[]> =>
    (await database.pool.query<T>(text, values)).rows
  const die = async (works: Work[], error: Error = new Permanent('the parcel is broken')) => {
    behave = ({ n }) => {
      if (works.some(work => work.n === n)) throw error
    }
    await enqueue(act, works)
    await drain(rt, [act.kind])
    behave = idle
  }
  return {
    rt,
    handlers,
    contracts: handlers.map(handler => handler.contract),
    enqueue,
    rows,
    /** The first row. @throws when there is none */
    one: async <T extends object>(text: string, values: unknown[] = []): Promise<T> => {
      const [row] = await rows<T>(text, values)
      if (row === undefined) throw new Error(`no row: ${text}`)
      return row
    },
    /** Empties the database and forgets what was counted. */
    reset: async () => {
      behave = idle
      await rt.meter.flush(database.db, 'earlier', new Date())
      await rows(`truncate effects, job_attempts, dead_letters, job_keys, job_minutes, workers, queue_pauses, operator_actions,
        schedules, schedule_runs, orders, order_events`)
      await rows('delete from pgboss.job')
    },
    /** Runs what is due of `test.act`. */
    work: () => drain(rt, [act.kind]),
    /** What the next attempts do. */
    setBehaviour: (next: (job: Work) => void) => {
      behave = next
    },
    /** These jobs fail; a `Permanent` kills them at once. */
    die,
    effects: async () => (await rows<{ n: number }>('select n from effects order by n')).map(row => row.n),
    /** Counted by hand: 3 completed, 1 retrying, 2 failed, 4 queued, 2 delayed, 1 processing, 1 cancelled. */
    fill: async () => {
      await enqueue(act, [{ n: 1 }, { n: 2 }, { n: 3 }])
      await drain(rt, [act.kind])
      await die([{ n: 4 }], new Error('the gateway is away'))
      await die([{ n: 5 }, { n: 6 }])
      await enqueue(wait, [{ n: 7 }, { n: 8 }, { n: 9 }, { n: 10 }, { n: 11 }])
      await enqueue(wait, [{ n: 12 }, { n: 13 }], { startAfter: new Date(Date.now() + 3_600_000) })
      await enqueue(hold, [{ n: 14 }])
      await rt.boss.fetch(hold.kind, { batchSize: 1 })
      const [job] = await rows<{ id: string }>(`select id from pgboss.job where data->>'n' = '11'`)
      await rows('select inspect.cancel_job($1)', [job?.id])
    },
    close: () => rt.close(),
  }
}
