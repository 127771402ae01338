import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { amountInCents, centsToNumber, centsToText } from './amounts.ts'

const key = z.string().min(1).max(200)
const currency = z.string().regex(/^[A-Z]{3}$/)
const reference = z.string().min(1).max(200)

export const linkRequest = z.object({
  key,
  amount: amountInCents,
  currency,
  reference,
  kind: z.string().min(1).max(40),
  callback_url: z.url({ protocol: /^https?$/ }),
})
export const chargeRequest = z.object({ key, amount: amountInCents, currency, reference })
export const refundRequest = z
  .object({ key, payment_id: z.string().optional(), charge_key: z.string().optional(), amount: amountInCents })
  .refine(r => (r.payment_id === undefined) !== (r.charge_key === undefined), 'either payment_id or charge_key')

export type MoneyStatus = 'succeeded' | 'pending' | 'declined'
type LinkRequest = z.infer<typeof linkRequest>
type ChargeRequest = z.infer<typeof chargeRequest>
type RefundRequest = z.infer<typeof refundRequest>

export type Payment = LinkRequest & {
  id: string
  status: 'pending' | 'paid' | 'failed' | 'expired'
  received: number
  paid_at: string | null
  expires_at: string
}
export type Charge = ChargeRequest & { id: string; status: MoneyStatus }
export type Refund = RefundRequest & { id: string; status: MoneyStatus; currency: string; created_at: string }

/** Everything that the provider knows, amounts in cents; payments, charges and refunds by their key. */
export type Ledger = {
  payments: Map<string, Payment>
  paymentsById: Map<string, Payment>
  charges: Map<string, Charge>
  refunds: Map<string, Refund>
  refundsById: Map<string, Refund>
  /** Cents per payment id or charge key; a pending refund counts, since it may still succeed. */
  givenBack: Map<string, number>
  /** Calls received per endpoint and key, those that a fault struck included. */
  calls: Record<'payment-links' | 'charges' | 'refunds', Map<string, number>>
}

export function emptyLedger(): Ledger {
  return {
    payments: new Map(),
    paymentsById: new Map(),
    charges: new Map(),
    refunds: new Map(),
    refundsById: new Map(),
    givenBack: new Map(),
    calls: { 'payment-links': new Map(), charges: new Map(), refunds: new Map() },
  }
}

export function countCall(calls: Map<string, number>, body: unknown) {
  const called = z.object({ key }).safeParse(body)
  if (called.success) calls.set(called.data.key, (calls.get(called.data.key) ?? 0) + 1)
}

// The expiry is only told, never enforced: money that arrives late is a case that its receiver must handle.
const LINK_LIFETIME_MS = 24 * 3_600_000

/** The payment of this key, made when there is none; null when the key stands for another request. */
export function openPayment(ledger: Ledger, wanted: LinkRequest): Payment | null {
  const known = ledger.payments.get(wanted.key)
  if (known) return isSame(wanted, known) ? known : null
  const expires_at = new Date(Date.now() + LINK_LIFETIME_MS).toISOString()
  const payment: Payment = { ...wanted, id: newId('pay'), status: 'pending', received: 0, paid_at: null, expires_at }
  ledger.payments.set(wanted.key, payment)
  ledger.paymentsById.set(payment.id, payment)
  return payment
}

/** The charge of this key, made when there is none; null when the key stands for another request. */
export function charge(ledger: Ledger, wanted: ChargeRequest, status: MoneyStatus): Charge | null {
  const known = ledger.charges.get(wanted.key)
  if (known) return isSame(wanted, known) ? known : null
  const made: Charge = { ...wanted, id: newId('chg'), status }
  ledger.charges.set(wanted.key, made)
  return made
}

/**
 * The refund of this key, made with `status` when there is none: however often it is called, money moves once.
 * A refusal is a value: the key stands for another request, its source is unknown, or nothing of it is left.
 */
export function refund(
  ledger: Ledger,
  wanted: RefundRequest,
  status: MoneyStatus,
): Refund | 'key_reused' | 'source_not_found' | 'refund_exceeds' {
  const known = ledger.refunds.get(wanted.key)
  if (known) return isSame(wanted, known) ? known : 'key_reused'
  const source = findSource(ledger, wanted)
  if (!source) return 'source_not_found'
  if (wanted.amount > source.received - givenBack(ledger, wanted)) return 'refund_exceeds'
  const created_at = new Date().toISOString()
  const made: Refund = { ...wanted, id: newId('ref'), status, currency: source.currency, created_at }
  ledger.refunds.set(wanted.key, made)
  ledger.refundsById.set(made.id, made)
  if (status !== 'declined') giveBack(ledger, made, made.amount)
  return made
}

/** Ends a pending refund, or confirms how it ended; false when it ended otherwise before. */
export function finishRefund(ledger: Ledger, made: Refund, end: 'succeeded' | 'declined'): boolean {
  if (made.status !== 'pending') return made.status === end
  made.status = end
  if (end === 'declined') giveBack(ledger, made, -made.amount)
  return true
}

function findSource(ledger: Ledger, { payment_id, charge_key }: RefundRequest) {
  if (payment_id !== undefined) return ledger.paymentsById.get(payment_id)
  const charged = ledger.charges.get(charge_key ?? '')
  return charged && { currency: charged.currency, received: charged.status === 'succeeded' ? charged.amount : 0 }
}

function givenBack(ledger: Ledger, { payment_id, charge_key }: RefundRequest): number {
  return ledger.givenBack.get(payment_id ?? charge_key ?? '') ?? 0
}

function giveBack(ledger: Ledger, made: Refund, cents: number) {
  ledger.givenBack.set(made.payment_id ?? made.charge_key ?? '', givenBack(ledger, made) + cents)
}

function isSame(wanted: Record<string, unknown>, known: Record<string, unknown>): boolean {
  return Object.entries(wanted).every(([field, value]) => known[field] === value)
}

function newId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`
}

/** The ledger as JSON: amounts as numbers, sums per currency as decimal text. */
export function viewLedger({ payments, charges, refunds, calls }: Ledger) {
  return {
    payments: [...payments.values()].map(({ id, received, ...payment }) => ({
      payment_id: id,
      ...payment,
      amount: centsToNumber(payment.amount),
      received: centsToNumber(received),
      calls: calls['payment-links'].get(payment.key) ?? 0,
    })),
    charges: [...charges.values()].map(({ id, ...made }) => ({
      charge_id: id,
      ...made,
      amount: centsToNumber(made.amount),
      calls: calls.charges.get(made.key) ?? 0,
    })),
    refunds: [...refunds.values()].map(({ id, ...made }) => ({
      refund_id: id,
      ...made,
      amount: centsToNumber(made.amount),
      calls: calls.refunds.get(made.key) ?? 0,
    })),
    calls: Object.fromEntries(Object.entries(calls).map(([name, counts]) => [name, Object.fromEntries(counts)])),
    totals: sumByCurrency([...payments.values()], [...charges.values()], [...refunds.values()]),
  }
}

function sumByCurrency(payments: Payment[], charges: Charge[], refunds: Refund[]) {
  const moved = [
    ...payments.map(p => ({ currency: p.currency, in: p.received, out: 0 })),
    ...charges.filter(c => c.status === 'succeeded').map(c => ({ currency: c.currency, in: c.amount, out: 0 })),
    ...refunds.filter(r => r.status === 'succeeded').map(r => ({ currency: r.currency, in: 0, out: r.amount })),
  ]
  const byCurrency = Object.entries(Object.groupBy(moved, move => move.currency))
  return Object.fromEntries(
    byCurrency.map(([code, moves = []]) => {
      const received = moves.reduce((sum, move) => sum + move.in, 0)
      const returned = moves.reduce((sum, move) => sum + move.out, 0)
      return [code, { in: centsToText(received), out: centsToText(returned), net: centsToText(received - returned) }]
    }),
  )
}
