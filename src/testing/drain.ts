import { findDueKinds, type Runtime, runBatch, runOutside } from '../jobs/index.ts'

const MAX_ROUNDS = 1_000

/**
 * Runs due jobs in this process until none of these kinds (default: all) is due, follow-ups included. Jobs that wait for
 * a later time stay. Returns how many attempts ran. @throws Error when it does not end
 */
export async function drain(rt: Runtime, kinds: readonly string[] = [...rt.handlers.keys()]): Promise<number> {
  let attempts = 0
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const due = await findDueKinds(rt.db, kinds)
    if (due.length === 0) return attempts
    for (const kind of due) attempts += await drainOnce(rt, kind)
  }
  throw new Error(`jobs still due after ${MAX_ROUNDS} rounds`)
}

async function drainOnce(rt: Runtime, kind: string): Promise<number> {
  const handler = rt.handlers.get(kind)
  if (handler === undefined) throw new Error(`no handler for ${kind}`)
  const batchSize = handler.mode === 'inTx' ? handler.contract.batch : handler.contract.slots
  const jobs = await rt.boss.fetch<object>(kind, { batchSize })
  const claims = jobs.map(job => ({
    id: job.id,
    kind,
    data: job.data,
    retryCount: (job as { retryCount?: number }).retryCount ?? 0,
    startedAt: Date.now(),
    abort: new AbortController(),
  }))
  if (claims.length === 0) return 0
  if (handler.mode === 'inTx') await runBatch(rt, handler, claims)
  else await Promise.all(claims.map(claim => runOutside(rt, handler, claim)))
  return claims.length
}
