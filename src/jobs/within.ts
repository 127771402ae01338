import { isConnectionError } from '../platform/errors.ts'

/** A handler that ran longer than its contract allows. */
class TimedOut extends Error {
  override name = 'TimedOut'
}

/** Postgres ends the transaction of a job a little before this process gives up on it, so that its locks are free then. */
export const databaseLimitMs = (timeoutSeconds: number): number => Math.round(timeoutSeconds * 900)

/**
 * True when the database went away under a transaction; false when Postgres itself ended the transaction for its
 * slowness, which also breaks the connection but is the handler's own failure.
 */
export const isDatabaseGone = (error: unknown, startedAt: number, timeoutSeconds: number): boolean =>
  isConnectionError(error) && performance.now() - startedAt < databaseLimitMs(timeoutSeconds)

/** Waits for the work, at most so many seconds; then throws TimedOut and aborts. What still runs is fenced out or rolled back. */
export async function within<T>(work: Promise<T>, seconds: number, abort?: AbortController): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new TimedOut(`ran longer than ${seconds} s`)
      reject(error)
      abort?.abort(error)
    }, seconds * 1000)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    work.catch(() => undefined)
  }
}
