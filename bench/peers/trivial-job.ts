import { z } from 'zod'
import { defineJob } from '../../src/platform/job.ts'

export const BATCH = 500

/** A job that does nothing: what is measured is the queue. */
export const trivial = defineJob('bench.trivial', {
  payload: z.strictObject({ n: z.number(), note: z.string() }),
  batch: BATCH,
  slots: 2,
})
