import { z } from 'zod'
import { splitIds } from '../orders/index.ts'
import { defineJob } from '../platform/job.ts'

/** Most orders that one job carries. */
export const SET_SIZE = 500

/**
 * Gives back what these orders still hold, if their status says so. It names orders, never an item and a quantity: a
 * second run of such a job would add a second time and nothing could tell.
 */
export const releaseStock = defineJob('stock.release', {
  payload: z.strictObject({ orderIds: z.array(z.uuid()).min(1).max(SET_SIZE) }),
  batch: 50,
  split: splitIds,
})

/** Once a minute: raises `stock.release` again for what should have gone back. */
export const sweepStock = defineJob('stock.sweep', {
  payload: z.strictObject({}),
  key: () => 'sweep',
  slots: 1,
  priority: 'low',
})
