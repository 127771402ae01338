import { sql } from 'kysely'
import type { Tx } from '../platform/tx.ts'
import { DEAD_QUEUE } from './boss.ts'

const KEPT_DAYS = 7

/**
 * Deletes jobs that finished 7 days ago. The id of a job carries the moment at which it falls due, so that the old end
 * of the primary key (kind, id) holds all of them; a job that was cancelled before it fell due goes once that moment is
 * 7 days past. Copies in the dead queue have ids of pg-boss, so of that short queue every row is looked at. Returns how
 * many it deleted, at most `limit`.
 */
export async function pruneFinishedJobs(tx: Tx, limit: number): Promise<number> {
  const before = new Date(tx.now.getTime() - KEPT_DAYS * 86_400_000)
  const { rows } = await sql<{ name: string }>`select name from pgboss.queue order by name`.execute(tx.db)
  let deleted = 0
  for (const { name } of rows) {
    if (deleted >= limit) break
    const range = name === DEAD_QUEUE ? sql`true` : sql`id < inspect.first_job_id(${before})`
    const { numAffectedRows } = await sql`
      delete from pgboss.job_common where ctid = any(array(
        select ctid from pgboss.job_common
        where name = ${name} and ${range} and state > 'active' and completed_on < ${before} limit ${limit - deleted}))
    `.execute(tx.db)
    deleted += Number(numAffectedRows ?? 0n)
  }
  return deleted
}
