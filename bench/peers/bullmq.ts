import { Worker } from 'bullmq'
import { connectionOf } from './bullmq-setup.ts'
import { whenTold } from './go.ts'

let handled = 0
const total = Number(process.env.JOBS)

whenTold(
  () =>
    new Worker(
      'trivial',
      async () => {
        handled += 1
        if (handled >= total) process.send?.('handled')
      },
      {
        connection: connectionOf(process.env.REDIS_URL ?? ''),
        concurrency: Number(process.env.BULLMQ_CONCURRENCY ?? 100),
      },
    ),
)
