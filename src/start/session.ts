import { dim, say } from './show.ts'

/** What runs by now, and how it is ended. */
export type Session = {
  /** Aborted as soon as everything shall stop. */
  stopping: AbortSignal
  /** Adds something that runs; it ends before everything that was added earlier. Throws when all is stopping. */
  add(part: Part): Promise<void>
  /** Stops everything, the youngest first; a second call waits for the first. */
  stop(): Promise<void>
  /** Ends everything at once. */
  kill(): void
}

type Part = {
  name: string
  stop(): Promise<void>
  kill(): void
}

/** Thrown into the start when the person stops it half-way. */
export const INTERRUPTED = new Error('interrupted')

/** Nothing that was started is forgotten, whenever the stop comes. */
export function openSession(): Session {
  const parts: Part[] = []
  const controller = new AbortController()
  let stopped: Promise<void> | undefined
  const stopAll = async () => {
    // A part stays in the list while it stops, so that `kill` still finds it.
    for (let part = parts.at(-1); part; part = parts.at(-1)) {
      const { name, stop } = part
      await stop().catch(error => say(`${dim(name)} did not stop: ${error.message}`))
      parts.pop()
    }
  }
  return {
    stopping: controller.signal,
    add: async part => {
      if (controller.signal.aborted) {
        await part.stop()
        throw INTERRUPTED
      }
      parts.push(part)
    },
    stop: () => {
      controller.abort()
      stopped ??= stopAll()
      return stopped
    },
    kill: () => {
      controller.abort()
      for (const part of parts) part.kill()
    },
  }
}
