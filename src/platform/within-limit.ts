/**
 * The promise, or an error after `limitMs`. When the timer fires late because this process was busy, an answer that
 * already waits in the socket still counts: one turn of the event loop reads it first.
 */
export function withinLimit<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(new Error(`no answer within ${limitMs} ms`))), limitMs)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
