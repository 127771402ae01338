import type { Tx } from '../../platform/tx.ts'

const HOUR_MS = 3_600_000

/** Until when the rest must be paid, counted from now; null when the trip sets no limit. */
export const finalDeadline = (tx: Tx, order: { finalPaymentHours: number | null }): Date | null =>
  order.finalPaymentHours === null ? null : new Date(tx.now.getTime() + order.finalPaymentHours * HOUR_MS)
