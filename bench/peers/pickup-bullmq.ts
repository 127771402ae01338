import { Worker } from 'bullmq'
import { connectionOf } from './bullmq-setup.ts'
import { whenTold } from './go.ts'
import { tellWait } from './pickup-job.ts'

whenTold(
  () =>
    new Worker('pickup', async job => tellWait(job.data.sentAt), {
      connection: connectionOf(process.env.REDIS_URL ?? ''),
      concurrency: 10,
    }),
)
