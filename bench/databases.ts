import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { migrateAll } from '../src/migrate.ts'
import { createLog } from '../src/platform/log.ts'

/** Runs `use` with an empty database of its own and drops it afterwards. */
export async function withDatabase<T>(adminUrl: string, use: (url: string, pool: pg.Pool) => Promise<T>): Promise<T> {
  const name = `bench_${randomBytes(6).toString('hex')}`
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  await admin.query(`create database ${name}`)
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  const pool = new pg.Pool({ connectionString: url.toString(), max: 8 })
  // A peer that is killed or a dropped database breaks idle connections; the next query takes a new one.
  pool.on('error', () => undefined)
  try {
    return await use(url.toString(), pool)
  } finally {
    await pool.end()
    await admin.query(`drop database ${name} with (force)`)
    await admin.query('checkpoint')
    await admin.end()
  }
}

/** The same, migrated by Antre. */
export const withAntre = <T>(adminUrl: string, use: (url: string, pool: pg.Pool) => Promise<T>): Promise<T> =>
  withDatabase(adminUrl, async (url, pool) => {
    await migrateAll({ databaseUrl: url, log: createLog('error', 'bench') })
    return await use(url, pool)
  })
