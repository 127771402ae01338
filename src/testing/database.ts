import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { createDb, createPool } from '../platform/db.ts'
import { createLog } from '../platform/log.ts'
import type { Db } from '../platform/tx.ts'
import { databaseUrl, TEMPLATE } from './template.ts'

export type TestDatabase = { url: string; pool: pg.Pool; db: Db; close(): Promise<void> }

export function adminUrl(): string {
  const url = process.env.TEST_DATABASE_URL
  if (url === undefined) throw new Error('TEST_DATABASE_URL is not set: run tests with `npm test`')
  return url
}

async function asAdmin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl() })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** A migrated database of the caller's own, cloned from the template; `close()` drops it. */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `antre_test_${randomBytes(6).toString('hex')}`
  await asAdmin(`create database ${name} template ${TEMPLATE}`)
  const url = databaseUrl(adminUrl(), name)
  const pool = createPool({ url, max: 20, name: 'antre-test', log: createLog('error', 'test') })
  const db = createDb(pool)
  return {
    url,
    pool,
    db,
    close: async () => {
      await db.destroy()
      await asAdmin(`drop database if exists ${name} with (force)`)
    },
  }
}
