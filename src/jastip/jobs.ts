import { z } from 'zod'
import { type DeadlineJob, deadlineJobPayload, splitIds } from '../orders/index.ts'
import { defineJob, type JobContract } from '../platform/job.ts'

const set = { payload: deadlineJobPayload, batch: 1_000, slots: 3, split: splitIds<DeadlineJob> }

/** Cancels orders whose down payment is overdue. */
export const expireDp = defineJob('order.expire-dp', set)

/** Rejects what the owner left unanswered and owes the down payment back. */
export const autoRefund = defineJob('order.auto-refund', set)

/** Cancels accepted orders that were not paid within the hours that their trip allows. */
export const expireFinal = defineJob('order.expire-final', set)

/** Completes orders that were shipped 14 days ago. */
export const autoComplete = defineJob('order.auto-complete', { ...set, priority: 'low' })

/** Sends one refund to the provider of its payment; the refund id is the key there, so that money returns once. */
export const sendRefund = defineJob('payment.refund', {
  payload: z.strictObject({ orderId: z.uuid(), refundId: z.uuid() }),
  slots: 8,
  timeoutSeconds: 30,
  priority: 'high',
})

/** What the sweep raises for jastip: `flow.onDeadline` → job. */
export const jastipDeadlineJobs: readonly (readonly [string, JobContract<DeadlineJob>])[] = [
  ['jastip.expire_dp', expireDp],
  ['jastip.auto_refund', autoRefund],
  ['jastip.expire_final', expireFinal],
  ['jastip.complete', autoComplete],
]
