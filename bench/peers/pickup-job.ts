import { z } from 'zod'
import { defineJob } from '../../src/platform/job.ts'

export const pickupJob = defineJob('bench.pickup', { payload: z.strictObject({ sentAt: z.number() }), slots: 4 })

/** Tells the parent how long the job waited: the handler has just begun. */
export function tellWait(sentAt: number): void {
  process.send?.({ waited: performance.timeOrigin + performance.now() - sentAt })
}
