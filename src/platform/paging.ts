import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import { invalid } from './errors.ts'

/** Query fields that every list takes. `cursor` is opaque to callers. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(500).optional(),
})

export type Page<T> = { items: T[]; nextCursor: string | null }

/** A cursor over (time, id), the order in which every list is sorted. */
const encodeCursor = (at: Date, id: string): string => Buffer.from(`${at.toISOString()}|${id}`).toString('base64url')

/** @throws AppError 422 `cursor_invalid` for text that no list handed out. */
export function decodeCursor(cursor: string): { at: Date; id: string } {
  const [time, id] = Buffer.from(cursor, 'base64url').toString('utf8').split('|')
  const at = new Date(time ?? '')
  if (!id || !z.uuid().safeParse(id).success || Number.isNaN(at.getTime())) {
    throw invalid('cursor_invalid', 'cursor', 'cursor is not one that this list handed out')
  }
  return { at, id }
}

/** Condition: the row comes after the cursor in a list that shows the newest first. One row comparison, so that an index over both columns begins there. */
export function isAfterCursor(cursor: string, columns: { at: string; id: string }): RawBuilder<boolean> {
  const { at, id } = decodeCursor(cursor)
  return sql`(${sql.ref(columns.at)}, ${sql.ref(columns.id)}) < (${at}::timestamptz, ${id}::uuid)`
}

/** Cuts `limit + 1` fetched rows to a page and says where the next one begins. */
export function toPage<T>(rows: T[], limit: number, cursorOf: (row: T) => { at: Date; id: string }): Page<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  if (rows.length <= limit || last === undefined) return { items, nextCursor: null }
  const { at, id } = cursorOf(last)
  return { items, nextCursor: encodeCursor(at, id) }
}
