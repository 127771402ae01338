import { createHash } from 'node:crypto'
import { v7, validate, version } from 'uuid'

/** A UUID v7. With `at`, its time part is that moment: the ids of jobs carry the time at which they fall due. */
export const newId = (at?: Date): string => (at === undefined ? v7() : v7({ msecs: at.getTime() }))

/** Milliseconds since the epoch out of a UUID v7; undefined for other versions. */
export function timeOfId(id: string): number | undefined {
  if (!validate(id) || version(id) !== 7) return undefined
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** SHA-256 in hex. */
export const sha256Hex = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
