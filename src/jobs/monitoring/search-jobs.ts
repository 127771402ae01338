import { sql } from 'kysely'
import { AppError, sqlState } from '../../platform/errors.ts'
import { decodeCursor, type Page, toPage } from '../../platform/paging.ts'
import type { Db, TxDb } from '../../platform/tx.ts'
import { DEAD_QUEUE } from '../boss.ts'
import { containing } from './letter-filter.ts'

export const JOB_STATES = ['queued', 'delayed', 'retrying', 'processing', 'completed', 'cancelled', 'failed'] as const
export type JobState = (typeof JOB_STATES)[number]

export type JobView = {
  id: string
  kind: string
  state: JobState
  priority: number
  attempts: number
  attemptsLeft: number
  dueAt: Date
  createdAt: Date
  startedAt: Date | null
  finishedAt: Date | null
  workerId: string | null
  error: string | null
}

export type JobQuery = {
  state?: JobState | undefined
  kind?: string | undefined
  /** Key of a kind that queues one job per key; only waiting jobs have one. */
  key?: string | undefined
  orderId?: string | undefined
  /** Text that the last error contains, whatever its case. */
  search?: string | undefined
  /** Range of the moment at which a job falls due. */
  from?: Date | undefined
  to?: Date | undefined
  limit: number
  cursor?: string | undefined
}

/** Compiling the statement would cost more than most searches. */
const LIMIT = sql.raw(`set local statement_timeout = '5s'; set local jit = off`)
const QUERY_CANCELED = '57014'

/**
 * Jobs, the latest due first. Ids carry the due time, so each kind is read along the primary key (kind, id) within the
 * range asked for, backwards, until the page is full. @throws AppError 422 `search_too_broad` when that takes above 5 s
 */
export async function searchJobs(db: Db, query: JobQuery): Promise<Page<JobView>> {
  const earliest = await earliestOf(db, query)
  if (earliest === 'none') return { items: [], nextCursor: null }
  try {
    const rows = await db.transaction().execute(async tx => {
      await LIMIT.execute(tx)
      return await findJobs(tx, query, earliest)
    })
    return toPage(rows, query.limit, row => ({ at: row.dueAt, id: row.id }))
  } catch (error) {
    if (sqlState(error) !== QUERY_CANCELED) throw error
    throw new AppError(422, 'search_too_broad', 'The search reads too many jobs: narrow it by kind, state or time')
  }
}

/** Jobs of an order fall due after it was created. */
async function earliestOf(db: Db, { orderId, from }: JobQuery): Promise<Date | undefined | 'none'> {
  if (orderId === undefined) return from
  const order = await db.selectFrom('orders').select('created_at').where('id', '=', orderId).executeTakeFirst()
  if (order === undefined) return 'none'
  return from !== undefined && from > order.created_at ? from : order.created_at
}

async function findJobs(db: TxDb, query: JobQuery, earliest: Date | undefined): Promise<JobView[]> {
  const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor).id
  const { rows } = await sql<JobView>`
    select id, kind, state, priority, attempts, attempts_left as "attemptsLeft", due_at as "dueAt", created_at as "createdAt",
           started_at as "startedAt", finished_at as "finishedAt", worker_id as "workerId", error
    from pgboss.queue q
    cross join lateral (
      select * from inspect.job_line j
      where j.kind = q.name ${stateIs(query.state)}
        ${earliest === undefined ? sql`` : sql`and j.id >= inspect.first_job_id(${earliest})`}
        ${query.to === undefined ? sql`` : sql`and j.id < inspect.first_job_id(${query.to})`}
        ${before === undefined ? sql`` : sql`and j.id < ${before}::uuid`}
        ${query.key === undefined ? sql`` : sql`and j.id in (select k.job_id from job_keys k where k.kind = q.name and k.key = ${query.key})`}
        ${query.orderId === undefined ? sql`` : aboutOrder(query.orderId)}
        ${query.search === undefined ? sql`` : sql`and j.error ilike ${containing(query.search)}`}
      order by j.id desc limit ${query.limit + 1}) j
    where ${query.kind === undefined ? sql`q.name <> ${DEAD_QUEUE}` : sql`q.name = ${query.kind}`}
    order by id desc limit ${query.limit + 1}
  `.execute(db)
  return rows
}

const aboutOrder = (orderId: string) =>
  sql`and (j.payload -> 'orderIds' ? ${orderId} or j.payload ->> 'orderId' = ${orderId})`

/** pg-boss' own state as well, so that the partial indexes of waiting and running jobs can be used. */
function stateIs(state: JobState | undefined) {
  if (state === undefined) return sql``
  if (state === 'processing') return sql`and j.raw_state = 'active'`
  if (state === 'queued' || state === 'delayed' || state === 'retrying')
    return sql`and j.raw_state < 'active' and not j.blocked and j.state = ${state}`
  return sql`and j.raw_state = ${state}`
}
