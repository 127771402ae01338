export type BreakerState = {
  breaker: 'closed' | 'open' | 'half-open'
  /** When it last opened or closed. */
  since: Date
  lastError: string | undefined
}

export type Breaker = {
  /** Only a closed breaker lets calls through. */
  isClosed(): boolean
  succeeded(): void
  /** Counts; opens at the limit of failures in a row. */
  failed(error: unknown): void
  /** Opens at once: the connection is gone, nobody needs to find out by waiting. */
  trip(error: unknown): void
  /** A probe is under way; calls still pass by. Ends with `close` or `trip`. */
  halfOpen(): void
  close(): void
  state(): BreakerState
}

/**
 * Decides whether calls may try. Opens after `failuresToOpen` failures in a row and stays open until whoever probes
 * says `close`. `onChange` hears of opening and closing, never of half-open.
 */
export function createBreaker(options: { failuresToOpen: number; onChange: (state: BreakerState) => void }): Breaker {
  let position: BreakerState['breaker'] = 'closed'
  let since = new Date()
  let lastError: string | undefined
  let failures = 0

  const state = (): BreakerState => ({ breaker: position, since, lastError })
  const trip = (error: unknown) => {
    lastError = error instanceof Error ? error.message : String(error)
    const wasClosed = position === 'closed'
    position = 'open'
    if (!wasClosed) return
    since = new Date()
    options.onChange(state())
  }
  return {
    isClosed: () => position === 'closed',
    succeeded: () => {
      failures = 0
    },
    failed: error => {
      failures += 1
      // A call that began before the breaker opened says nothing new when it fails afterwards.
      if (position === 'closed' && failures >= options.failuresToOpen) trip(error)
    },
    trip,
    halfOpen: () => {
      if (position === 'open') position = 'half-open'
    },
    close: () => {
      failures = 0
      if (position === 'closed') return
      position = 'closed'
      since = new Date()
      options.onChange(state())
    },
    state,
  }
}
