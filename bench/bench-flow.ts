import { advance, deadlineJobPayload, defineFlow, mergeDeadlines } from '../src/orders/index.ts'
import { defineJob, inTx } from '../src/platform/job.ts'

/** The order core alone: one transition, no follow-ups. Its orders are rows of flow `jastip` that fill-orders made. */
const coreFlow = defineFlow('jastip', {
  statuses: {
    pending_dp: { onDeadline: 'settle' },
    awaiting_validation: { onDeadline: 'settle' },
    settled: { closes: true },
  },
  transitions: { settle: { from: ['pending_dp', 'awaiting_validation'], to: 'settled' } },
})

export const coreSettle = defineJob('bench.settle', { payload: deadlineJobPayload, batch: 500 })

/** Jobs of 500 ids each: ten of them make a transaction of 5,000 orders. */
export const coreSweep = defineJob('bench.sweep', { payload: deadlineJobPayload, batch: 10, slots: 3 })

export const coreHandlers = [coreSettle, coreSweep].map(contract =>
  inTx(contract, async (tx, payloads) => {
    for (const { dueAt, orderIds } of mergeDeadlines(payloads))
      await advance(tx, coreFlow, 'settle', orderIds, { dueAt })
  }),
)
