export type Bell = {
  ring(): void
  /** Resolves when it was rung since the last time, after `limitMs`, or when the signal fires. */
  heard(limitMs: number, signal: AbortSignal): Promise<void>
}

/** Joins any number of rings into one: who is busy while it rings hears it once afterwards. */
export function createBell(): Bell {
  let rung = false
  let answer: (() => void) | undefined
  return {
    ring: () => {
      rung = true
      answer?.()
    },
    heard: (limitMs, signal) =>
      new Promise(resolve => {
        const done = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          answer = undefined
          rung = false
          resolve()
        }
        const timer = setTimeout(done, limitMs)
        signal.addEventListener('abort', done, { once: true })
        answer = done
        if (rung || signal.aborted) done()
      }),
  }
}
