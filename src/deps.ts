import type pg from 'pg'
import type { PgBoss } from 'pg-boss'
import { createLocalFiles, type FileStore } from './files/index.ts'
import { createHot, type Hot, hotStatusReaction } from './hot/index.ts'
import { createJobQueue, createWaker, startBoss } from './jobs/index.ts'
import type { Schedule } from './jobs/schedules.ts'
import type { NotifyDeps } from './notify/index.ts'
import type { FlowPages } from './orders/index.ts'
import { createGatewayProvider, type PaymentProvider } from './payments/index.ts'
import type { Config } from './platform/config.ts'
import { createDb, createPool } from './platform/db.ts'
import type { JobContract } from './platform/job.ts'
import { createLog } from './platform/log.ts'
import type { TxDeps } from './platform/tx.ts'
import { flowPages, handlers, reactions, schedules, templatesOf } from './registry.ts'

/** Everything that routes and jobs work with. Functions take the part that they use. */
export type Deps = TxDeps & {
  config: Config
  pool: pg.Pool
  boss: PgBoss
  hot: Hot
  files: FileStore
  paymentProvider: PaymentProvider | undefined
  templates: NotifyDeps['templates']
  flowPages: FlowPages
  contracts: readonly JobContract<never>[]
  schedules: readonly Schedule[]
  /** Aborted when the process begins to stop. */
  stopping: AbortSignal
  /** Marks the process as stopping: streams end, nothing new is fetched. */
  stop(): void
  /** Closes every client. Call it last. */
  close(): Promise<void>
}

/** The composition root: the only place where clients are built. @throws when Postgres does not answer or is not migrated */
export async function buildDeps(config: Config, name: 'api' | 'worker' | 'cli' | 'test'): Promise<Deps> {
  const log = createLog(config.LOG_LEVEL, `antre-${name}`)
  const pool = createPool({ url: config.DATABASE_URL, max: config.DATABASE_POOL, name: `antre-${name}`, log })
  const db = createDb(pool)
  try {
    const boss = await startBoss(pool, log)
    const stopping = new AbortController()
    const hot = await createHot({ redisUrl: config.REDIS_URL, databaseUrl: config.DATABASE_URL, db, pool, log })
    const waker = createWaker(pool, log)
    return {
      config,
      log,
      pool,
      db,
      boss,
      hot,
      jobs: createJobQueue(waker),
      reactions: [...reactions, hotStatusReaction(hot)],
      files: createLocalFiles(config.FILES_DIR),
      paymentProvider: config.PAYMENT_BASE_URL
        ? createGatewayProvider({ baseUrl: config.PAYMENT_BASE_URL, apiKey: config.PAYMENT_API_KEY })
        : undefined,
      templates: templatesOf(config),
      contracts: handlers.map(handler => handler.contract),
      schedules,
      flowPages,
      stopping: stopping.signal,
      stop: () => stopping.abort(),
      close: async () => {
        stopping.abort()
        await waker.idle()
        await boss.stop({ graceful: false, close: false })
        await hot.close()
        await db.destroy()
      },
    }
  } catch (error) {
    await db.destroy()
    throw error
  }
}
