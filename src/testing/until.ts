import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until the condition holds, looking every 10 ms. @throws after `limitMs` */
export async function until(holds: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`did not happen within ${limitMs} ms: ${holds}`)
    await sleep(10)
  }
}
