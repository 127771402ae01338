import { buildDeps } from './deps.ts'
import { startWorker } from './jobs/index.ts'
import { startSchedules } from './jobs/schedules.ts'
import { readConfig } from './platform/config.ts'
import { onStopRequest, runEntry } from './platform/process.ts'
import { handlers, schedules } from './registry.ts'

/** A worker process: works every queue until it is asked to stop. */
async function main(): Promise<void> {
  const config = readConfig()
  const deps = await buildDeps(config, 'worker')
  const worker = startWorker(deps, handlers, config.DATABASE_URL)
  const ticks = startSchedules(deps, schedules)
  deps.log.info({ worker_id: worker.id, kinds: handlers.length }, 'the worker takes jobs')
  process.send?.('ready')
  onStopRequest(async reason => {
    deps.log.info({ reason }, 'the worker stops: it finishes what runs')
    deps.stop()
    await ticks.stop()
    await worker.stop(config.WORKER_GRACE_SECONDS)
    await deps.close()
    deps.log.info('the worker stopped')
  })
}

await runEntry(main)
