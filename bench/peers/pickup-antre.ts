import { createJobQueue, createWaker, startBoss, startWorker } from '../../src/jobs/index.ts'
import { createDb, createPool } from '../../src/platform/db.ts'
import { inTx } from '../../src/platform/job.ts'
import { createLog } from '../../src/platform/log.ts'
import { whenTold } from './go.ts'
import { pickupJob, tellWait } from './pickup-job.ts'

const databaseUrl = process.env.DATABASE_URL ?? ''
const log = createLog('warn', 'bench')
const pool = createPool({ url: databaseUrl, max: 10, name: 'bench-antre', log })
const boss = await startBoss(pool, log)
const deps = { db: createDb(pool), pool, boss, jobs: createJobQueue(createWaker(pool, log)), reactions: [], log }
const handler = inTx(pickupJob, async (_tx, jobs) => {
  for (const job of jobs) tellWait(job.sentAt)
})

whenTold(() => startWorker(deps, [handler], databaseUrl))
