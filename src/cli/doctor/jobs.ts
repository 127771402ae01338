import { sql } from 'kysely'
import { handlers } from '../../registry.ts'
import { type Check, note, ok, wrong } from './finding.ts'

export const checkWorkers: Check = async ({ db }) => {
  const { rows } = await sql<{ kinds: string[] }>`select kinds from inspect.worker where state = 'alive'`.execute(db)
  if (rows.length === 0) return wrong('workers: none is alive, no job runs: npm start, or npm run worker')
  const worked = new Set(rows.flatMap(row => row.kinds))
  const idle = handlers.map(handler => handler.contract.kind).filter(kind => !worked.has(kind))
  if (idle.length > 0)
    return wrong(`workers: ${rows.length} alive, none of them works ${idle.join(', ')}: an older release?`)
  return ok(`workers: ${rows.length} alive`)
}

export const checkStuckJobs: Check = async ({ db }) => {
  const { rows } = await sql<{ kind: string; why: string; jobs: number }>`
    select kind, why, count(*) as jobs from inspect.stuck_job group by kind, why order by jobs desc
  `.execute(db)
  if (rows.length === 0) return ok('jobs: none is stuck')
  return rows.flatMap(({ kind, why, jobs }) => wrong(`jobs: ${jobs} of ${kind} stuck: ${why} (inspect.stuck_job)`))
}

/** A key whose job is gone keeps its kind from queueing it again, until the next `jobs.prune`. */
export const checkKeys: Check = async ({ db }) => {
  const { rows } = await sql<{ kind: string; key: string }>`
    select k.kind, k.key from job_keys k where not exists (
      select 1 from pgboss.job_common j where j.name = k.kind and j.id = k.job_id and j.state <= 'active') limit 5
  `.execute(db)
  if (rows.length === 0) return ok('job keys: each belongs to a job')
  return wrong(
    `job keys: held by no job: ${rows.map(({ kind, key }) => `${kind} ${key}`).join(', ')} (jobs.prune frees them)`,
  )
}

export const checkDeadLetters: Check = async ({ db }) => {
  const { rows } = await sql<{ kind: string; dead: number }>`
    select kind, count(*) as dead from dead_letters
    where redriven_at is null and discarded_at is null group by kind order by dead desc
  `.execute(db)
  if (rows.length === 0) return ok('dead letters: none is open')
  const list = rows.map(({ kind, dead }) => `${dead} ${kind}`).join(', ')
  return note(`dead letters: ${list} (antre dead-letters list)`)
}
