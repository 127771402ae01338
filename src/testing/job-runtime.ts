import { createJobQueue, createRuntime, createWaker, installQueues, type Runtime, startBoss } from '../jobs/index.ts'
import type { JobHandler } from '../platform/job.ts'
import { createLog } from '../platform/log.ts'
import type { Reaction } from '../platform/tx.ts'
import type { TestDatabase } from './database.ts'

/** A runtime on a test database for handlers of the test's own; their queues are created. Drain it with `drain`. */
export async function testRuntime(
  database: TestDatabase,
  handlers: readonly JobHandler<never>[],
  options: { reactions?: readonly Reaction[]; deps?: object } = {},
): Promise<Runtime & { close(): Promise<void> }> {
  const log = createLog('silent', 'test')
  await installQueues(
    database.pool,
    log,
    handlers.map(handler => handler.contract),
  )
  const boss = await startBoss(database.pool, log)
  const jobs = createJobQueue(createWaker(database.pool, log))
  const deps = { db: database.db, pool: database.pool, boss, jobs, reactions: options.reactions ?? [], log }
  const runtime = createRuntime({ ...deps, ...options.deps }, handlers, new AbortController().signal)
  return { ...runtime, close: () => boss.stop({ graceful: false, close: false }) }
}
