import { createHash, randomFillSync } from 'node:crypto'
import { v7, validate, version } from 'uuid'

const RANDOM_BYTES = 16
/** Random bytes are drawn for many ids at once: one draw per id took a fifth of a busy worker's time. */
const pool = Buffer.alloc(RANDOM_BYTES * 512)
let used = pool.length

function nextRandom(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += RANDOM_BYTES
  return pool.subarray(used - RANDOM_BYTES, used)
}

let lastMs = -1
let sequence = 0

/** Ids of one process and one millisecond count up, so that they sort as they were made. */
function nextSequence(ms: number, random: Uint8Array): number {
  sequence = ms === lastMs ? sequence + 1 : Buffer.from(random).readUInt32BE(6) >>> 1
  lastMs = ms
  return sequence
}

/** A UUID v7. With `at`, its time part is that moment: the ids of jobs carry the time at which they fall due. */
export function newId(at?: Date): string {
  const msecs = at?.getTime() ?? Date.now()
  const random = nextRandom()
  return v7({ msecs, random, seq: nextSequence(msecs, random) })
}

/** Milliseconds since the epoch out of a UUID v7; undefined for other versions. */
export function timeOfId(id: string): number | undefined {
  if (!validate(id) || version(id) !== 7) return undefined
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** SHA-256 in hex. */
export const sha256Hex = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
