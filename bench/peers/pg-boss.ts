import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { whenTold } from './go.ts'
import { BATCH, trivial } from './trivial-job.ts'

/** pg-boss alone at its fastest: fetch a batch, complete it in one statement, two of them at a time. */
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
const boss = new PgBoss({
  db: { executeSql: (text, values) => pool.query(text, values) },
  migrate: false,
  supervise: false,
  schedule: false,
})
await boss.start()

let handled = 0
const total = Number(process.env.JOBS)

async function work(): Promise<void> {
  for (;;) {
    const jobs = await boss.fetch(trivial.kind, { batchSize: BATCH })
    if (jobs.length === 0) return
    await boss.complete(trivial.kind, jobs)
    handled += jobs.length
    if (handled >= total) process.send?.('handled')
  }
}

whenTold(() => Promise.all([work(), work()]))
