import { createJobQueue, createWaker, startBoss, startWorker } from '../../src/jobs/index.ts'
import { createDb, createPool } from '../../src/platform/db.ts'
import { inTx } from '../../src/platform/job.ts'
import { createLog } from '../../src/platform/log.ts'
import { whenTold } from './go.ts'
import { trivial } from './trivial-job.ts'

const databaseUrl = process.env.DATABASE_URL ?? ''
const log = createLog('warn', 'bench')
const pool = createPool({ url: databaseUrl, max: 10, name: 'bench-antre', log })
const boss = await startBoss(pool, log)
const deps = { db: createDb(pool), pool, boss, jobs: createJobQueue(createWaker(pool, log)), reactions: [], log }

let handled = 0
const total = Number(process.env.JOBS)
const handler = inTx(trivial, async (tx, jobs) => {
  tx.afterCommit(() => {
    handled += jobs.length
    if (handled >= total) process.send?.('handled')
  })
})

whenTold(() => startWorker(deps, [handler], databaseUrl))
