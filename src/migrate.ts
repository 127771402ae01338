import { sql } from 'kysely'
import { openLocalEnv } from './embedded/index.ts'
import { createJobQueue, createWaker, installQueues, startBoss } from './jobs/index.ts'
import { registerSchedules } from './jobs/schedules.ts'
import { ConfigError, readPartOfConfig } from './platform/config.ts'
import { createDb, createPool } from './platform/db.ts'
import { createLog, type Log } from './platform/log.ts'
import { applyMigrations, applySqlFile, applySqlFolder } from './platform/migrations.ts'
import { runEntry } from './platform/process.ts'
import { handlers, reactions, schedules, seeds } from './registry.ts'

/** Any fixed number: whoever migrates holds this advisory lock, so that two deploys never migrate at once. */
const MIGRATION_LOCK = 740_120

/**
 * Brings a database to the state of this checkout: pg-boss' schema, migrations, queues, views and functions for DBAs,
 * roles. Idempotent, and safe when several processes call it at once. Returns the names of the migrations it applied.
 */
export async function migrateAll(options: { databaseUrl: string; log: Log }): Promise<string[]> {
  const { databaseUrl, log } = options
  const pool = createPool({ url: databaseUrl, max: 4, name: 'antre-migrate', log })
  const db = createDb(pool)
  const lock = await pool.connect()
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    const contracts = handlers.map(handler => handler.contract)
    await installQueues(pool, log, contracts)
    const applied = await applyMigrations(db)
    await registerSchedules(db, schedules)
    await applySqlFolder(db, 'sql/inspect')
    await applyRoles(db, log)
    return applied
  } finally {
    await lock.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK])
    lock.release()
    await db.destroy()
  }
}

/** Without the right to create roles the product works; only DBAs' roles are missing. */
async function applyRoles(db: ReturnType<typeof createDb>, log: Log): Promise<void> {
  const { rows } = await sql<{ may: boolean }>`
    select rolcreaterole or rolsuper as may from pg_roles where rolname = current_user`.execute(db)
  if (!rows[0]?.may) {
    log.warn('the roles antre_dba and antre_reader were not created: this database user may not create roles')
    return
  }
  await applySqlFile(db, 'sql/roles.sql')
}

/** Demo accounts, trips and products of every flow, into a migrated database. Idempotent. */
async function seedAll(databaseUrl: string, log: Log): Promise<void> {
  const pool = createPool({ url: databaseUrl, max: 4, name: 'antre-seed', log })
  const db = createDb(pool)
  try {
    const boss = await startBoss(pool, log)
    const waker = createWaker(pool, log)
    const deps = { db, jobs: createJobQueue(waker), reactions, log }
    for (const seed of seeds) await seed(deps)
    await waker.idle()
    await boss.stop({ graceful: false, close: false })
  } finally {
    await db.destroy()
  }
}

/** `npm run migrate [-- --demo]`: one shot. */
async function main(): Promise<void> {
  const local = await openLocalEnv()
  try {
    const env = readPartOfConfig(local.env, ['DATABASE_URL', 'LOG_LEVEL', 'NODE_ENV'])
    const log = createLog(env.LOG_LEVEL, 'antre-migrate')
    const applied = await migrateAll({ databaseUrl: env.DATABASE_URL, log })
    log.info({ applied }, applied.length > 0 ? 'the database was migrated' : 'the database is up to date')
    if (!process.argv.includes('--demo')) return
    if (env.NODE_ENV === 'production') throw new ConfigError('Demo data is refused with NODE_ENV=production.')
    await seedAll(env.DATABASE_URL, log)
    log.info('the demo data is there')
  } finally {
    await local.close()
  }
}

if (process.argv[1] === import.meta.filename) await runEntry(main)
