import { run } from 'graphile-worker'
import { whenTold } from './go.ts'
import { quiet } from './graphile-logger.ts'
import { tellWait } from './pickup-job.ts'

/** Settings for latency: no local queue, several workers that hear NOTIFY. */
whenTold(() =>
  run({
    connectionString: process.env.DATABASE_URL ?? '',
    taskList: { pickup: payload => tellWait((payload as { sentAt: number }).sentAt) },
    preset: { worker: { concurrentJobs: 10, maxPoolSize: 12, pollInterval: 1_000, logger: quiet } },
  }),
)
