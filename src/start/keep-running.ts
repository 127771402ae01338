import { setTimeout as sleep } from 'node:timers/promises'
import { type ProcessOptions, type RunningProcess, startProcess } from './process.ts'
import { dim, say, yellow } from './show.ts'

/** A process that is started again whenever it ends without being told to. */
export type Service = {
  readonly pid: number
  /** Rejects with a refusal when the first start fails. */
  ready: Promise<void>
  stop(limitSeconds: number): Promise<void>
  kill(): void
}

const FIRST_PAUSE_SECONDS = 0.5
const LONGEST_PAUSE_SECONDS = 10
/** Who ran this long begins with the first pause again. */
const STABLE_SECONDS = 60

/** The pause before the next attempt (seconds): doubled each time, up to a bound. */
export function pauseBefore(attempt: number): number {
  return Math.min(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS)
}

/** Starts the process and, once it was ready, keeps it running until `stop`. `onPid` hears of every ready process. */
export async function startService(options: ProcessOptions, onPid: (pid: number) => void): Promise<Service> {
  let current = await startProcess(options)
  const stopping = new AbortController()
  const ready = current.ready.then(() => {
    onPid(current.pid)
    void keepRunning(options, current, stopping.signal, next => {
      current = next
      next.ready.then(
        () => onPid(next.pid),
        () => undefined,
      )
    })
  })
  // Who waits for it may be interrupted before.
  ready.catch(() => undefined)
  return {
    get pid() {
      return current.pid
    },
    ready,
    stop: async limitSeconds => {
      stopping.abort()
      await current.stop(limitSeconds)
    },
    kill: () => {
      stopping.abort()
      current.kill()
    },
  }
}

async function keepRunning(
  options: ProcessOptions,
  first: RunningProcess,
  stopping: AbortSignal,
  onNext: (next: RunningProcess) => void,
): Promise<void> {
  let running = first
  for (let attempt = 1; ; attempt++) {
    const began = performance.now()
    const how = await running.ended
    if (stopping.aborted) return
    if (performance.now() - began > STABLE_SECONDS * 1000) attempt = 1
    const pause = pauseBefore(attempt)
    say(`${dim(options.name)} ${yellow('ended')} (${how}); it starts again in ${pause} s`)
    await sleep(pause * 1000, undefined, { signal: stopping }).catch(() => undefined)
    if (stopping.aborted) return
    running = await startProcess(options)
    // Told to stop while it was being launched: nobody else knows of it yet.
    if (stopping.aborted) return running.kill()
    onNext(running)
    running.ready.then(
      () => say(`${dim(options.name)} runs again`),
      error => say(`${dim(options.name)} ${error.message}`),
    )
  }
}
