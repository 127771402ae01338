import type { Tx } from '../platform/tx.ts'
import { releaseStock, SET_SIZE } from './jobs.ts'

/** One job per 500 orders. */
export function enqueueRelease(tx: Tx, orderIds: readonly string[]): Promise<void> {
  const count = Math.ceil(orderIds.length / SET_SIZE)
  const sets = Array.from({ length: count }, (_, n) => orderIds.slice(n * SET_SIZE, (n + 1) * SET_SIZE))
  return tx.enqueue(
    releaseStock,
    sets.map(set => ({ orderIds: set })),
  )
}
