import {
  createClaims,
  createLane,
  findDueKinds,
  findPausedKinds,
  type Runtime,
  takeBatch,
  takeSingly,
} from '../jobs/index.ts'

const MAX_ROUNDS = 1_000

/**
 * Runs due jobs in this process, as a worker takes them, until none of these kinds (default: all) is due, follow-ups
 * included. Jobs that wait for a later time stay. Returns how many batches and single jobs ran. @throws when it does not end
 */
export async function drain(rt: Runtime, kinds: readonly string[] = [...rt.handlers.keys()]): Promise<number> {
  const claims = createClaims()
  const lanes = new Map([...rt.handlers].map(([kind, handler]) => [kind, createLane(handler)]))
  let runs = 0
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const paused = await findPausedKinds(rt.db)
    const due = (await findDueKinds(rt.db, kinds)).filter(kind => !paused.has(kind))
    if (due.length === 0) return runs
    for (const kind of due) {
      const lane = lanes.get(kind)
      if (lane === undefined) throw new Error(`no handler for ${kind}`)
      if (lane.handler.mode === 'inTx') {
        await takeBatch(rt, claims, lane, lane.handler, () => undefined)
        runs += 1
      } else {
        const taken = await takeSingly(rt, claims, lane)
        await Promise.all(taken)
        runs += taken.length
      }
    }
  }
  throw new Error(`jobs still due after ${MAX_ROUNDS} rounds`)
}
