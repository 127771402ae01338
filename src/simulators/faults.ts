import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Answer, Outcome, Refuse, Route } from './http-server.ts'

const MODES = ['ok', 'error-500', 'error-429', 'error-400', 'lost-answer', 'timeout'] as const

/**
 * How a simulated service misbehaves:
 * - `mode`: `lost-answer` does the work, then cuts the connection; `timeout` does nothing and never answers.
 * - `delayMs`: waited before every call is worked on, whatever the mode. A caller that gave up meanwhile gets
 *   its work done all the same.
 * - `failNext`: the mode strikes the next n calls and then turns to `ok`; 0 = it stays.
 * - `rate`: the share of calls that the mode strikes while `failNext` is 0; `seed` decides which ones.
 */
export const faultKnobs = z.object({
  mode: z.enum(MODES).default('ok'),
  delayMs: z.int().min(0).max(600_000).default(0),
  failNext: z.int().min(0).default(0),
  rate: z.number().min(0).max(1).default(1),
  seed: z.int().default(1),
})

type FaultMode = (typeof MODES)[number]
type FaultKnobs = z.infer<typeof faultKnobs>

export type Faults<K extends FaultKnobs> = {
  /** The knobs as they stand; `failNext` counts down. */
  knobs(): K
  /** Does the work under the knobs: the answer of the work, an error instead, a cut or a hanging connection. */
  run(work: () => Answer): Promise<Outcome>
  /** `GET`, `PUT` (replaces all knobs; one that is not named gets its default) and `DELETE` (reset) `/_sim/faults`. */
  routes: Route[]
}

/** Knobs of one simulator, all at rest. `schema` is `faultKnobs`, extended by what the simulator adds. */
export function createFaults<K extends FaultKnobs>(schema: z.ZodType<K>, refuse: Refuse): Faults<K> {
  let knobs = schema.parse({})
  let random = seededRandom(knobs.seed)

  function set(to: K) {
    knobs = to
    random = seededRandom(to.seed)
  }

  function nextMode(): FaultMode {
    const { mode, failNext, rate } = knobs
    if (failNext > 0) {
      knobs = { ...knobs, failNext: failNext - 1, mode: failNext === 1 ? 'ok' : mode }
      return mode
    }
    return mode !== 'ok' && random() < rate ? mode : 'ok'
  }

  return {
    knobs: () => knobs,
    run: async work => {
      // Chosen before the wait, so that calls are struck in the order of their arrival.
      const mode = nextMode()
      if (knobs.delayMs > 0) await sleep(knobs.delayMs, undefined, { ref: false })
      return strike(mode, work, refuse)
    },
    routes: knobRoutes(schema, () => knobs, set, refuse),
  }
}

function knobRoutes<K>(schema: z.ZodType<K>, get: () => K, set: (to: K) => void, refuse: Refuse): Route[] {
  const path = '/_sim/faults'
  const show = (): Answer => ({ status: 200, body: get() })
  const replace = (wanted: unknown): Answer => {
    const knobs = schema.safeParse(wanted)
    if (!knobs.success) return refuse(400, 'bad_knobs', z.prettifyError(knobs.error))
    set(knobs.data)
    return show()
  }
  return [
    { method: 'GET', path, handle: show },
    { method: 'PUT', path, handle: call => replace(call.body) },
    { method: 'DELETE', path, handle: () => replace({}) },
  ]
}

function strike(mode: FaultMode, work: () => Answer, refuse: Refuse): Outcome {
  switch (mode) {
    case 'ok':
      return work()
    case 'error-500':
      return refuse(500, 'simulated_error', 'something went wrong')
    case 'error-429':
      return { ...refuse(429, 'simulated_rate_limit', 'too many requests'), headers: { 'retry-after': '1' } }
    case 'error-400':
      return refuse(400, 'simulated_refusal', 'this request is refused')
    case 'lost-answer':
      work()
      return 'cut'
    case 'timeout':
      return 'hang'
  }
}

/** Mulberry32: numbers in [0, 1) that the seed alone decides, so that a run with faults can be repeated. */
function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
