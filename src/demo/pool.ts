import { setTimeout as sleep } from 'node:timers/promises'
import { failure } from './failure.ts'

/** Works on all items, at most `width` at a time, in their order. Rejects with the first error. */
export async function inPool<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
}

const LOOK_EVERY_MS = 150

/** Looks again and again until there is something to see. @throws a failure that names `what` after `limitSeconds` */
export async function waitFor<T>(what: string, limitSeconds: number, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + limitSeconds * 1000
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (performance.now() > end) throw failure(`${what} did not happen within ${limitSeconds} s`)
    await sleep(LOOK_EVERY_MS)
  }
}
