import { run } from 'graphile-worker'
import { whenTold } from './go.ts'
import { quiet } from './graphile-logger.ts'

/** graphile-worker as its performance page advises for many fast jobs: local queue and batched completion. */
let handled = 0
const total = Number(process.env.JOBS)

whenTold(() =>
  run({
    connectionString: process.env.DATABASE_URL ?? '',
    taskList: {
      trivial: () => {
        handled += 1
        if (handled >= total) process.send?.('handled')
      },
    },
    preset: {
      worker: {
        concurrentJobs: Number(process.env.GRAPHILE_CONCURRENCY ?? 24),
        maxPoolSize: 30,
        localQueue: { size: Number(process.env.GRAPHILE_QUEUE ?? 500) },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
        logger: quiet,
      },
    },
  }),
)
