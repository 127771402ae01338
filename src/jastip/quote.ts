import { conflict, invalid } from '../platform/errors.ts'
import type { Cents } from '../platform/money.ts'
import { computeCharges, downPayment, type Line, subtotalOf } from './fees.ts'
import type { CheckoutProduct, CheckoutTrip } from './queries/checkout.ts'
import { isOpen } from './queries/trips.ts'
import { requirePayable } from './rupiah.ts'

export type WantedItem = { productId: string; quantity: number; notes?: string | undefined }
export type QuotedLine = Line & { product: CheckoutProduct; note: string | null }
/** Amounts in cents. */
export type Quote = { lines: QuotedLine[]; subtotal: Cents; dp: Cents; hasGoods: boolean }

/** Markup and commission together at their worst; only to keep every later sum within its column. */
const WORST_COMMISSION = '100'

/**
 * What the wanted items cost on this trip at this moment.
 * @throws AppError 409 `trip_closed`, `product_unavailable`, `stock_insufficient`, 422 `details_required`, `order_too_large`
 */
export function quoteItems(trip: CheckoutTrip, items: readonly WantedItem[], now: Date): Quote {
  if (!isOpen(trip, now)) throw conflict('trip_closed', 'This trip takes no more orders')
  const lines = items.map((item, index) => quoteLine(trip, item, index))
  refuseShort(lines)
  const subtotal = subtotalOf(lines)
  const dp = downPayment(subtotal, trip.paymentType, trip.dpPercentage)
  requirePayable(computeCharges(lines, { dp, shippingFee: 0n, serviceFee: 0n, commissionRate: WORST_COMMISSION }).total)
  return { lines, subtotal, dp, hasGoods: lines.some(line => line.type === 'goods') }
}

function quoteLine(trip: CheckoutTrip, item: WantedItem, index: number): QuotedLine {
  const product = trip.products.find(each => each.id === item.productId)
  if (product?.status !== 'active') {
    throw conflict('product_unavailable', 'A product is not for sale on this trip', { productId: item.productId })
  }
  if (product.requiresDetails && !item.notes) {
    throw invalid('details_required', `items.${index}.notes`, 'this product needs details')
  }
  const { title, type, price, markupType, markupValue } = product
  return { title, type, price, markupType, markupValue, quantity: item.quantity, product, note: item.notes ?? null }
}

/** Spares a transaction that the hold would roll back anyway; the hold decides. */
function refuseShort(lines: readonly QuotedLine[]): void {
  const short = [...Map.groupBy(lines, line => line.product)].flatMap(([product, same]) => {
    const requested = same.reduce((sum, line) => sum + line.quantity, 0)
    const isShort = product.stock !== null && product.type === 'goods' && product.stock < requested
    return isShort ? [{ productId: product.id, title: product.title, available: product.stock, requested }] : []
  })
  if (short.length > 0) throw stockInsufficient(short)
}

/** 409 that names every short product. */
export const stockInsufficient = (
  items: readonly { productId: string; title: string; available: number | null; requested: number }[],
) => conflict('stock_insufficient', 'There is not enough stock left', { items })
