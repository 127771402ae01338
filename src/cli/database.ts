import { userInfo } from 'node:os'
import type pg from 'pg'
import { openLocalEnv, refusal } from '../embedded/index.ts'
import { createJobQueue, createWaker, startBoss } from '../jobs/index.ts'
import { type Actor, systemActor } from '../platform/actor.ts'
import { createDb, createPool } from '../platform/db.ts'
import { createLog } from '../platform/log.ts'
import type { TxDeps } from '../platform/tx.ts'
import { checkDatabase } from '../start/check-database.ts'

/** What the commands work with. `actor` is who typed the command, for the record. */
export type CliDeps = TxDeps & { env: NodeJS.ProcessEnv; pool: pg.Pool; databaseUrl: string; actor: Actor }

/** Runs a command on the database and closes everything after it. Throws a refusal when the database cannot be used. */
export async function withDatabase<T>(work: (deps: CliDeps) => Promise<T>): Promise<T> {
  const { env, close } = await openLocalEnv()
  try {
    const databaseUrl = env.DATABASE_URL ?? ''
    if (!URL.canParse(databaseUrl)) throw refusal('DATABASE_URL is not a URL')
    await checkDatabase(databaseUrl)
    return await withPool(env, databaseUrl, work)
  } finally {
    await close()
  }
}

async function withPool<T>(
  env: NodeJS.ProcessEnv,
  databaseUrl: string,
  work: (deps: CliDeps) => Promise<T>,
): Promise<T> {
  const log = createLog('silent', 'antre-cli')
  const pool = createPool({ url: databaseUrl, max: 5, name: 'antre-cli', log })
  const db = createDb(pool)
  const waker = createWaker(pool, log)
  try {
    const boss = await startBoss(pool, log)
    try {
      const actor = systemActor(`cli ${userInfo().username}`)
      return await work({ db, pool, jobs: createJobQueue(waker), log, reactions: [], env, databaseUrl, actor })
    } finally {
      await waker.idle()
      await boss.stop({ graceful: false, close: false })
    }
  } finally {
    await db.destroy()
  }
}
