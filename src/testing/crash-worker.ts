import { createJobQueue, createWaker, startBoss, startWorker } from '../jobs/index.ts'
import { createDb, createPool } from '../platform/db.ts'
import { createLog } from '../platform/log.ts'
import { onStopRequest, runEntry } from '../platform/process.ts'
import { crashHandlers } from './crash-jobs.ts'

/** A worker process for tests that kill it: the real runtime, the recorded jobs of `crash-jobs.ts`. */
await runEntry(async () => {
  const databaseUrl = process.env.DATABASE_URL ?? ''
  const log = createLog(process.env.LOG_LEVEL ?? 'silent', 'crash-worker')
  const pool = createPool({ url: databaseUrl, max: 20, name: 'crash-worker', log })
  const boss = await startBoss(pool, log)
  const deps = {
    db: createDb(pool),
    pool,
    boss,
    jobs: createJobQueue(createWaker(pool, log)),
    reactions: [],
    log,
  }
  const worker = startWorker(deps, crashHandlers, databaseUrl)
  process.send?.('ready')
  onStopRequest(async () => {
    await worker.stop(Number(process.env.GRACE_SECONDS ?? 8))
    await deps.db.destroy()
  })
})
