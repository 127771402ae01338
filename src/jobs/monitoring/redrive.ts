import { sql } from 'kysely'
import { actorColumns } from '../../platform/actor.ts'
import type { Tx } from '../../platform/tx.ts'
import { type LetterFilter, toSqlFilter } from './letter-filter.ts'
import { steer } from './steer.ts'

export type RedriveOptions = { limit: number; perSecond: number; preview: boolean }

export type RedriveGroup = { kind: string; errorClass: string; matching: number; redriven: number }
export type Redriven = {
  matching: number
  redriven: number
  groups: RedriveGroup[]
  firstStartAt: Date | null
  lastStartAt: Date | null
}

type Row = RedriveGroup & { firstStartAt: Date | null; lastStartAt: Date | null }

/**
 * New jobs for the open dead letters that match, the oldest first, at most `perSecond` started a second; a preview only
 * counts. A dead letter is redriven once, whoever asks. @throws AppError 422 without any filter
 */
export async function redriveLetters(tx: Tx, filter: LetterFilter, options: RedriveOptions): Promise<Redriven> {
  const { kind: who, id } = actorColumns(tx.actor)
  const { rows } = await steer('Dead letter', 'dead_letter_wrong_state', () =>
    sql<Row>`
      select kind, error_class as "errorClass", matching, redriven, first_start_at as "firstStartAt", last_start_at as "lastStartAt"
      from inspect.redrive_matching_as(${who}, ${id}, ${toSqlFilter(filter)}::jsonb, ${options.limit}, ${options.perSecond}, ${options.preview})
    `.execute(tx.db),
  )
  const starts = rows.flatMap(row => [row.firstStartAt, row.lastStartAt].filter(at => at !== null))
  return {
    matching: rows.reduce((sum, row) => sum + row.matching, 0),
    redriven: rows.reduce((sum, row) => sum + row.redriven, 0),
    groups: rows.map(({ kind, errorClass, matching, redriven }) => ({ kind, errorClass, matching, redriven })),
    firstStartAt: starts.length === 0 ? null : new Date(Math.min(...starts.map(Number))),
    lastStartAt: starts.length === 0 ? null : new Date(Math.max(...starts.map(Number))),
  }
}

export type Discarded = {
  matching: number
  discarded: number
  groups: { kind: string; errorClass: string; matching: number; discarded: number }[]
}

/** Marks open dead letters as not worth a redrive. @throws AppError 422 without any filter */
export async function discardLetters(
  tx: Tx,
  filter: LetterFilter,
  options: { reason: string; limit: number; preview: boolean },
): Promise<Discarded> {
  const { kind: who, id } = actorColumns(tx.actor)
  const { rows } = await steer('Dead letter', 'dead_letter_wrong_state', () =>
    sql<Discarded['groups'][number]>`
      select kind, error_class as "errorClass", matching, discarded
      from inspect.discard_matching_as(${who}, ${id}, ${toSqlFilter(filter)}::jsonb, ${options.reason}, ${options.limit}, ${options.preview})
    `.execute(tx.db),
  )
  return {
    matching: rows.reduce((sum, row) => sum + row.matching, 0),
    discarded: rows.reduce((sum, row) => sum + row.discarded, 0),
    groups: rows,
  }
}
