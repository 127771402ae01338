import { sql } from 'kysely'
import { isAfterCursor, type Page, toPage } from '../../platform/paging.ts'
import type { Db } from '../../platform/tx.ts'
import { containing, type LetterFilter } from './letter-filter.ts'

export type LetterState = 'open' | 'redriven' | 'discarded'

export type LetterView = {
  id: string
  jobId: string
  kind: string
  state: LetterState
  errorClass: string
  error: string | null
  stack: string | null
  attempts: number
  payload: unknown
  firstFailedAt: Date
  lastFailedAt: Date
  redrivenAt: Date | null
  redrivenBy: string | null
  redrivenAs: string | null
  discardedAt: Date | null
  discardedBy: string | null
  discardReason: string | null
}

export type LetterQuery = Omit<LetterFilter, 'ids' | 'payload'> & {
  state?: LetterState | undefined
  limit: number
  cursor?: string | undefined
}

/** Dead letters, the latest failure first; walks `dead_letters_last`. */
export async function listDeadLetters(db: Db, query: LetterQuery): Promise<Page<LetterView>> {
  const { rows } = await sql<LetterView>`
    select id, job_id as "jobId", kind, state, error_class as "errorClass", error, stack, attempts, payload,
           first_failed_at as "firstFailedAt", last_failed_at as "lastFailedAt", redriven_at as "redrivenAt",
           redriven_by as "redrivenBy", redriven_as as "redrivenAs", discarded_at as "discardedAt",
           discarded_by as "discardedBy", discard_reason as "discardReason"
    from inspect.dead_letter
    where ${placeOf(query)}
      ${query.kind === undefined ? sql`` : sql`and kind = ${query.kind}`}
      ${query.errorClass === undefined ? sql`` : sql`and error_class = ${query.errorClass}`}
      ${query.error === undefined ? sql`` : sql`and error ilike ${containing(query.error)}`}
      ${query.from === undefined ? sql`` : sql`and last_failed_at >= ${query.from}`}
      ${query.to === undefined ? sql`` : sql`and last_failed_at < ${query.to}`}
      ${query.cursor === undefined ? sql`` : sql`and ${isAfterCursor(query.cursor, { at: 'last_failed_at', id: 'id' })}`}
    order by last_failed_at desc, id desc limit ${query.limit + 1}
  `.execute(db)
  return toPage(rows, query.limit, row => ({ at: row.lastFailedAt, id: row.id }))
}

/** The conditions of the partial indexes, spelled as the indexes spell them. */
function placeOf({ state }: LetterQuery) {
  if (state === 'open') return sql`redriven_at is null and discarded_at is null`
  if (state === 'redriven') return sql`redriven_at is not null`
  if (state === 'discarded') return sql`discarded_at is not null`
  return sql`true`
}
