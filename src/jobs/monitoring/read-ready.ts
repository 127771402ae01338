import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Db } from '../../platform/tx.ts'
import { withinLimit } from '../../platform/within-limit.ts'
import { singleFlight } from './single-flight.ts'

const LIMIT_MS = 2_000
/** Anybody may ask: however many do, the database is asked four times a second at most. */
const KEEP_MS = 250

const MIGRATIONS = join(import.meta.dirname, '..', '..', '..', 'migrations')
let known: Promise<string[]> | undefined

/** Names of the migrations of this checkout. */
function migrationNames(): Promise<string[]> {
  known ??= readdir(MIGRATIONS).then(files =>
    files.filter(file => file.endsWith('.sql')).map(file => file.replace(/\.sql$/, '')),
  )
  return known
}

/** Migrations of this checkout that the database has not seen. */
export async function findPendingMigrations(db: Db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from unnest(${await migrationNames()}::text[]) as m (name)
    where not exists (select 1 from kysely_migration k where k.name = m.name) order by name
  `.execute(db)
  return rows.map(row => row.name)
}

/** True when the database answers, is migrated, and a worker was seen within 10 s. Never throws. */
export async function isReady(db: Db): Promise<boolean> {
  try {
    return await check(db)
  } catch {
    return false
  }
}

const check: (db: Db) => Promise<boolean> = singleFlight(KEEP_MS, db => withinLimit(checkAll(db), LIMIT_MS))

async function checkAll(db: Db): Promise<boolean> {
  const { rows } = await sql`
    select from workers where stopped_at is null and last_seen > pgboss.job_now() - interval '10 seconds' limit 1
  `.execute(db)
  return rows.length === 1 && (await findPendingMigrations(db)).length === 0
}
