import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { PgBoss } from 'pg-boss'
import { newId } from '../platform/ids.ts'
import type { JobHandler } from '../platform/job.ts'
import type { TxDeps } from '../platform/tx.ts'
import { startBeat } from './beat.ts'
import { createClaims } from './claims.ts'
import { deadQueueHandler } from './dead-queue.ts'
import { type Dispatcher, startDispatcher } from './dispatcher.ts'
import { reportWorker, touchClaims } from './heartbeat.ts'
import { createMeter } from './meter.ts'
import type { Claim, Runtime } from './runtime.ts'
import { handBack } from './settle.ts'
import { SETTLING_SECONDS, superviseClaims } from './supervise.ts'

export type WorkerDeps = TxDeps & { boss: PgBoss; pool: pg.Pool }

export type Worker = {
  id: string
  /**
   * Stops fetching at once, waits up to `graceSeconds` for what runs, tells handlers that wait for the outside to detach
   * and hands the rest back without using an attempt.
   */
  stop(graceSeconds: number): Promise<void>
}

/** A runtime without timers: what a worker works with, and what tests drain jobs with. */
export function createRuntime(
  deps: WorkerDeps,
  handlers: readonly JobHandler<never>[],
  stopping: AbortSignal,
): Runtime {
  const byKind = new Map(handlers.map(handler => [handler.contract.kind, handler]))
  if (byKind.size !== handlers.length) throw new Error('two handlers have the same kind')
  const runtime: Runtime = {
    ...deps,
    workerId: newId(),
    meter: createMeter(),
    handlers: byKind,
    handlerDeps: deps,
    stopping,
  }
  const dead = deadQueueHandler(() => runtime)
  byKind.set(dead.contract.kind, dead)
  return runtime
}

/** Works every kind that has a handler until `stop`. */
export function startWorker(deps: WorkerDeps, handlers: readonly JobHandler<never>[], databaseUrl: string): Worker {
  const stopping = new AbortController()
  const rt = createRuntime(deps, handlers, stopping.signal)
  const claims = createClaims()
  const dispatcher = startDispatcher(rt, claims, databaseUrl)

  // The supervisor has a beat of its own: however long it takes, this worker's claims stay alive.
  const beats = startBeat(rt, async () => {
    await touchClaims(rt, claims)
    await reportWorker(rt, dispatcher.running(), 'running')
  })
  const supervisor = startBeat(rt, async () => {
    if (beats.fineForMs() > SETTLING_SECONDS * 1000) await superviseClaims(rt)
  })

  return {
    id: rt.workerId,
    stop: async graceSeconds => {
      stopping.abort()
      await dispatcher.stop()
      await Promise.race([dispatcher.idle(), sleep(graceSeconds * 1000, undefined, { ref: false })])
      await detach(rt, dispatcher, () => claims.all())
      beats.stop()
      supervisor.stop()
      await reportWorker(rt, dispatcher.running(), 'stopped').catch(error =>
        rt.log.warn({ err: error }, 'the last report of the worker was lost'),
      )
    },
  }
}

const DETACH_MS = 1_000

async function detach(rt: Runtime, dispatcher: Dispatcher, held: () => Claim[]): Promise<void> {
  if (dispatcher.running() === 0 && held().length === 0) return
  for (const claim of held()) claim.abort.abort(new Error('the worker stops'))
  await Promise.race([dispatcher.idle(), sleep(DETACH_MS, undefined, { ref: false })])
  const rest = held()
  if (rest.length === 0) return
  rt.log.info({ jobs: rest.length }, 'jobs that still run are handed back')
  await handBack(rt, rest, 'the worker stopped').catch(error =>
    rt.log.warn({ err: error }, 'jobs could not be handed back; they run again when their heartbeat lapses'),
  )
}
