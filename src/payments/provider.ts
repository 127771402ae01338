/** Amounts are texts of `numeric(14,2)`, as pg returns them. `key` is the idempotency key: the same key acts once. */
export type PaymentLinkRequest = {
  key: string
  amount: string
  currency: string
  /** Comes back in the webhook: the order's id. */
  reference: string
  kind: string
  /** Where the provider sends its webhook about this payment. */
  callbackUrl: string
}
export type PaymentLink = { paymentId: string; url: string; expiresAt: Date }

/** What to give back: a payment by the provider's id, or a charge by the key it was made with. */
export type RefundRequest = { key: string; amount: string } & ({ paymentId: string } | { chargeKey: string })
export type RefundAnswer = { status: 'succeeded' | 'pending' | 'declined'; providerRefundId: string | null }

/**
 * Whoever moves money for us. Calls are idempotent by their key, so a call whose answer was lost is simply made again.
 * They throw `Permanent` when the provider refused the request itself, and any other error when the same call may
 * succeed later. `signal` ends the wait for the answer, not the provider's work.
 */
export type PaymentProvider = {
  name: string
  createPaymentLink(request: PaymentLinkRequest, signal?: AbortSignal): Promise<PaymentLink>
  refund(request: RefundRequest, signal?: AbortSignal): Promise<RefundAnswer>
}
