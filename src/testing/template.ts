import pg from 'pg'
import { migrateAll } from '../migrate.ts'
import { createLog } from '../platform/log.ts'

export const TEMPLATE = 'antre_template'

/** The same server, another database. */
export function databaseUrl(adminUrl: string, database: string): string {
  const url = new URL(adminUrl)
  url.pathname = `/${database}`
  return url.toString()
}

/** Creates and migrates the template anew; every test file clones it. */
export async function prepareTemplate(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query(`drop database if exists ${TEMPLATE} with (force)`)
    await client.query(`create database ${TEMPLATE}`)
    await migrateAll({ databaseUrl: databaseUrl(adminUrl, TEMPLATE), log: createLog('warn', 'test') })
  } finally {
    await client.end()
  }
}
