import { type Cents, ceilPercent, toAmount, toCents } from '../platform/money.ts'

/** Percent of the platform when no active `platform_commission` row says otherwise. */
export const DEFAULT_COMMISSION_RATE = '5'
/** No down payment is asked below this, except that it never exceeds the subtotal. */
const LEAST_DP: Cents = toCents('10000')
const RULES_VERSION = 1

/** A line as it was at checkout; amounts as `numeric` text. */
export type Line = {
  title: string
  type: 'goods' | 'tasks'
  quantity: number
  price: string
  markupType: 'percent' | 'flat'
  markupValue: string
}

const smaller = (a: Cents, b: Cents): Cents => (a < b ? a : b)
const larger = (a: Cents, b: Cents): Cents => (a > b ? a : b)
const sum = (amounts: readonly Cents[]): Cents => amounts.reduce((total, amount) => total + amount, 0n)

const lineSubtotal = (line: Pick<Line, 'price' | 'quantity'>): Cents => toCents(line.price) * BigInt(line.quantity)

function lineMarkup(line: Line): Cents {
  if (line.markupType === 'percent') return ceilPercent(lineSubtotal(line), line.markupValue)
  return toCents(line.markupValue) * BigInt(line.quantity)
}

/** Price times quantity over all lines, in cents. */
export const subtotalOf = (lines: readonly Pick<Line, 'price' | 'quantity'>[]): Cents => sum(lines.map(lineSubtotal))

/** Down payment in cents: all of it, or `percent` rounded up to whole rupiah, at least 10,000, at most the subtotal. */
export function downPayment(subtotal: Cents, paymentType: 'full' | 'dp', percent: string): Cents {
  if (paymentType === 'full') return subtotal
  return smaller(subtotal, larger(ceilPercent(subtotal, percent), LEAST_DP))
}

export type Charges = {
  subtotal: Cents
  markup: Cents
  taskFee: Cents
  shippingFee: Cents
  serviceFee: Cents
  commissionRate: string
  commission: Cents
  total: Cents
  dp: Cents
  /** Never negative: the down payment is at most the subtotal. */
  remaining: Cents
}

/** What an accepted order costs (spec jastip §6): each named step rounded up to whole rupiah. */
export function computeCharges(
  lines: readonly Line[],
  given: { dp: Cents; shippingFee: Cents; serviceFee: Cents; commissionRate: string },
): Charges {
  const subtotal = subtotalOf(lines)
  const markup = sum(lines.map(lineMarkup))
  const commission = ceilPercent(subtotal + markup, given.commissionRate)
  const total = subtotal + markup + given.shippingFee + given.serviceFee + commission
  const taskFee = subtotalOf(lines.filter(line => line.type === 'tasks'))
  return { ...given, subtotal, markup, taskFee, commission, total, remaining: total - given.dp }
}

/** The charges as they are stored with the order at accept and shown from then on. Amounts are JSON numbers. */
export function toBreakdown(lines: readonly Line[], charges: Charges, currency: string) {
  return {
    rulesVersion: RULES_VERSION,
    currency,
    lines: lines.map(line => ({
      item: line.title,
      quantity: line.quantity,
      price: toAmount(line.price),
      subtotal: toAmount(lineSubtotal(line)),
      markup: toAmount(lineMarkup(line)),
    })),
    subtotal: toAmount(charges.subtotal),
    markup: toAmount(charges.markup),
    taskFee: toAmount(charges.taskFee),
    shippingFee: toAmount(charges.shippingFee),
    serviceFee: toAmount(charges.serviceFee),
    commissionRate: Number(charges.commissionRate),
    platformCommission: toAmount(charges.commission),
    totalFinal: toAmount(charges.total),
    dpAmount: toAmount(charges.dp),
    remainingAmount: toAmount(charges.remaining),
  }
}

export type Breakdown = ReturnType<typeof toBreakdown>
