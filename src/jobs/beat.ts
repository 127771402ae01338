import { setTimeout as sleep } from 'node:timers/promises'
import type { Runtime } from './runtime.ts'

const BEAT_MS = 2_000

export type Beat = {
  /** Milliseconds since the last failed beat; infinite when none has failed. */
  fineForMs(): number
  stop(): void
}

/** Does the duty every two seconds, one at a time: a slow database must not pile them up. Failures are logged. */
export function startBeat(rt: Pick<Runtime, 'log'>, duty: () => Promise<void>): Beat {
  let beating = true
  let fineSince = Number.NEGATIVE_INFINITY
  void (async () => {
    while (beating) {
      await duty().catch(error => {
        fineSince = performance.now()
        rt.log.debug({ err: error }, 'a heartbeat failed; the next one follows')
      })
      await sleep(BEAT_MS, undefined, { ref: false })
    }
  })()
  return {
    fineForMs: () => performance.now() - fineSince,
    stop: () => {
      beating = false
    },
  }
}
