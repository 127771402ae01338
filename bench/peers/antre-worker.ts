import { createHot, hotStatusReaction } from '../../src/hot/index.ts'
import { createJobQueue, createWaker, startBoss, startWorker } from '../../src/jobs/index.ts'
import { createDb, createPool } from '../../src/platform/db.ts'
import type { JobHandler } from '../../src/platform/job.ts'
import { createLog } from '../../src/platform/log.ts'
import { handlers, reactions } from '../../src/registry.ts'
import { coreHandlers } from '../bench-flow.ts'
import { whenTold } from './go.ts'

/** Antre's worker with the handlers of KINDS alone, so that follow-ups outside of what is measured stay queued. */
const databaseUrl = process.env.DATABASE_URL ?? ''
const kinds = (process.env.KINDS ?? '').split(',')
const log = createLog('warn', 'bench')
const pool = createPool({ url: databaseUrl, max: 10, name: 'bench-antre', log })
const db = createDb(pool)
const boss = await startBoss(pool, log)
const hot = await createHot({ redisUrl: process.env.REDIS_URL || undefined, databaseUrl, db, pool, log })
const full = kinds.some(kind => !kind.startsWith('bench.'))
const deps = {
  db,
  pool,
  boss,
  jobs: createJobQueue(createWaker(pool, log)),
  reactions: full ? [...reactions, hotStatusReaction(hot)] : [],
  log,
}
const all: readonly JobHandler<never>[] = [...handlers, ...coreHandlers]
const chosen = all.filter(handler => kinds.includes(handler.contract.kind))

whenTold(() => startWorker(deps, chosen, databaseUrl))
