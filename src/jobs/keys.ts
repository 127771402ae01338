import { sql } from 'kysely'
import type { Db } from '../platform/tx.ts'

/** Frees the keys of claimed jobs: what happens from now on is work for the next job of the key. */
export async function clearKeys(db: Db, kind: string, jobIds: readonly string[]): Promise<void> {
  await sql`delete from job_keys where kind = ${kind} and job_id = any(${jobIds}::uuid[])`.execute(db)
}
