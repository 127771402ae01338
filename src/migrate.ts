import { sql } from 'kysely'
import { installQueues } from './jobs/boss.ts'
import { createDb, createPool } from './platform/db.ts'
import type { Log } from './platform/log.ts'
import { applyMigrations, applySqlFile, applySqlFolder } from './platform/migrations.ts'
import { handlers } from './registry.ts'

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
