/** An answer that took long is kept for this many times as long, so that asking costs the database a tenth at most. */
const REST = 10

/**
 * Lets one call of `read` per key run at a time and answers everybody who asks meanwhile, and for `keepMs` afterwards,
 * with its result. A failure is not kept.
 */
export function singleFlight<K extends object, T>(
  keepMs: number,
  read: (key: K) => Promise<T>,
): (key: K) => Promise<T> {
  const flights = new WeakMap<K, { answer: Promise<T>; until: number }>()
  return key => {
    const known = flights.get(key)
    if (known !== undefined && performance.now() < known.until) return known.answer
    const began = performance.now()
    const flight = { answer: read(key), until: Number.POSITIVE_INFINITY }
    flights.set(key, flight)
    flight.answer.then(
      () => {
        const now = performance.now()
        flight.until = now + Math.max(keepMs, (now - began) * REST)
      },
      () => flights.delete(key),
    )
    return flight.answer
  }
}
