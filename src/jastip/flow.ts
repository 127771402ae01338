import { defineFlow } from '../orders/index.ts'

const MINUTE = 60
const DAY = 86_400

/** How long a buyer has for the down payment unless a demo trip says otherwise. */
export const DP_SECONDS = 30 * MINUTE

/**
 * Personal shopping. `awaiting_final_payment` has a deadline only when the trip says how long the rest may take: the
 * command that enters it sets it. `rejected` ends an order only when nothing was paid; otherwise the refund does.
 */
export const jastip = defineFlow('jastip', {
  codePrefix: 'JST',
  statuses: {
    pending_dp: { deadlineSeconds: DP_SECONDS, onDeadline: 'expire_dp' },
    awaiting_validation: { deadlineSeconds: DAY, onDeadline: 'auto_refund' },
    awaiting_final_payment: { onDeadline: 'expire_final' },
    awaiting_final_validation: {},
    paid: {},
    shipped: { deadlineSeconds: 14 * DAY, onDeadline: 'complete' },
    completed: { closes: true },
    refunded: { closes: true, releasesStock: true },
    cancelled: { closes: true, releasesStock: true },
    rejected: { releasesStock: true },
  },
  transitions: {
    submit_dp: { from: ['pending_dp'], to: 'awaiting_validation' },
    expire_dp: { from: ['pending_dp'], to: 'cancelled' },
    cancel: { from: ['pending_dp'], to: 'cancelled' },
    accept: { from: ['awaiting_validation'], to: 'awaiting_final_payment' },
    settle: { from: ['awaiting_final_payment'], to: 'paid' },
    reject: { from: ['awaiting_validation'], to: 'rejected' },
    /** `reject` when the owner says that the claimed transfer never came: nothing is owed, the order ends. */
    reject_unpaid: { from: ['awaiting_validation'], to: 'rejected', closes: true },
    auto_refund: { from: ['awaiting_validation'], to: 'rejected' },
    submit_final: { from: ['awaiting_final_payment'], to: 'awaiting_final_validation' },
    reject_final: { from: ['awaiting_final_validation'], to: 'awaiting_final_payment' },
    approve_final: { from: ['awaiting_final_validation'], to: 'paid' },
    expire_final: { from: ['awaiting_final_payment'], to: 'cancelled' },
    ship: { from: ['paid'], to: 'shipped' },
    finish_service: { from: ['paid'], to: 'completed' },
    complete: { from: ['shipped'], to: 'completed' },
    refund_done: { from: ['rejected'], to: 'refunded' },
    /** The owner declared that the money to return never came: the order ends as rejected. */
    refund_void: { from: ['rejected'], to: 'same', closes: true },
  },
})

export type JastipStatus = keyof typeof jastip.statuses

/** Names of the statuses as people read them. */
export const STATUS_LABELS: Readonly<Record<JastipStatus, { id: string; en: string }>> = {
  pending_dp: { id: 'Menunggu DP', en: 'Waiting for down payment' },
  awaiting_validation: { id: 'Perlu validasi', en: 'Being checked' },
  awaiting_final_payment: { id: 'Menunggu pelunasan', en: 'Waiting for final payment' },
  awaiting_final_validation: { id: 'Cek pelunasan', en: 'Final payment being checked' },
  paid: { id: 'Lunas', en: 'Paid' },
  shipped: { id: 'Dikirim', en: 'Shipped' },
  completed: { id: 'Selesai', en: 'Completed' },
  refunded: { id: 'DP dikembalikan', en: 'Refunded' },
  cancelled: { id: 'Dibatalkan', en: 'Cancelled' },
  rejected: { id: 'Ditolak', en: 'Rejected' },
}
