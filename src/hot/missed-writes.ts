import type { HotStatus } from './hot-status.ts'

const MOST_KEPT = 20_000

export type MissedWrites = {
  keep(entries: readonly HotStatus[]): void
  /** Takes everything out; whoever fails to write it keeps it again. */
  take(): HotStatus[]
  size(): number
}

/**
 * Writes that Redis did not take, newest version per order, so that a Redis that was only away for a while is not left
 * with old statuses until they expire. Bounded: beyond it the oldest go, and their time to live bounds the staleness.
 */
export function createMissedWrites(): MissedWrites {
  let missed = new Map<string, HotStatus>()
  return {
    keep: entries => {
      for (const entry of entries) {
        const kept = missed.get(entry.orderId)
        if (kept !== undefined && kept.version > entry.version) continue
        missed.delete(entry.orderId)
        missed.set(entry.orderId, entry)
      }
      for (const orderId of missed.keys()) {
        if (missed.size <= MOST_KEPT) break
        missed.delete(orderId)
      }
    },
    take: () => {
      const taken = [...missed.values()]
      missed = new Map()
      return taken
    },
    size: () => missed.size,
  }
}
