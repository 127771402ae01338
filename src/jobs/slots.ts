import { isConnectionError } from '../platform/errors.ts'
import type { Claims } from './claims.ts'
import { type Lane, takeBatch, takeSingly } from './lane.ts'
import type { Runtime } from './runtime.ts'

export type Slots = {
  /** Starts one more slot of a lane that is due; the slot starts the next one when it finds a full batch. */
  fill(lane: Lane): void
  /** Resolves when nothing of this process runs any more, and no fetch could still bring a job. */
  idle(): Promise<void>
}

/** Runs the work of lanes, never more of a kind at a time than its contract has slots. A stopping runtime starts none. */
export function createSlots(rt: Runtime, claims: Claims): Slots {
  // Fetches count: a job that one brings after the stop is claimed by this process, which has to run it or hand it back.
  const running = new Set<Promise<void>>()

  function fill(lane: Lane): void {
    const { handler } = lane
    if (!lane.due || lane.paused || rt.stopping.aborted || lane.busy >= handler.contract.slots) return
    if (handler.mode === 'inTx') {
      const batch = takeBatch(rt, claims, lane, handler, () => fill(lane))
      occupy(lane, batch)
    } else if (!lane.isFetching) keep(lane, fetchSingly(lane))
  }

  async function fetchSingly(lane: Lane): Promise<void> {
    lane.isFetching = true
    try {
      for (const job of await takeSingly(rt, claims, lane)) occupy(lane, job)
    } finally {
      lane.isFetching = false
    }
  }

  function occupy(lane: Lane, work: Promise<void>): void {
    lane.busy += 1
    const freed = work.finally(() => {
      lane.busy -= 1
    })
    keep(lane, freed)
  }

  function keep(lane: Lane, work: Promise<void>): void {
    const done = work
      .catch(error => complain(rt, lane, error))
      .finally(() => {
        running.delete(done)
        fill(lane)
      })
    running.add(done)
  }

  return {
    fill,
    idle: async () => {
      while (running.size > 0) await Promise.all(running)
    },
  }
}

function complain(rt: Runtime, lane: Lane, error: unknown): void {
  lane.due = false
  const level = isConnectionError(error) ? 'debug' : 'error'
  rt.log[level]({ err: error, kind: lane.kind }, 'taking jobs failed; the next look tries again')
}
