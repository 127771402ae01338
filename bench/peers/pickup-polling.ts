import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { whenTold } from './go.ts'
import { pickupJob, tellWait } from './pickup-job.ts'

/** Older systems: look every 100 ms. */
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 })
const boss = new PgBoss({
  db: { executeSql: (text, values) => pool.query(text, values) },
  migrate: false,
  supervise: false,
  schedule: false,
})
await boss.start()

whenTold(async () => {
  for (;;) {
    const jobs = await boss.fetch<{ sentAt: number }>(pickupJob.kind, { batchSize: 50 })
    for (const job of jobs) tellWait(job.data.sentAt)
    if (jobs.length > 0) await boss.complete(pickupJob.kind, jobs)
    await sleep(100)
  }
})
