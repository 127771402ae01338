import { AppError, invalid } from '../platform/errors.ts'
import { type Cents, toCents } from '../platform/money.ts'

export const CURRENCY = 'IDR'
/** Far below `numeric(14,2)` even after markup, fees and commission. */
const MOST: Cents = toCents(100_000_000_000)

/** Cents of an amount in whole rupiah. @throws AppError 422 `not_whole_rupiah` naming the field */
export function wholeRupiah(path: string, amount: number): Cents {
  if (!Number.isSafeInteger(amount)) throw invalid('not_whole_rupiah', path, 'rupiah have no decimals')
  return toCents(amount)
}

/** @throws AppError 422 `order_too_large` for a sum that no order may reach */
export function requirePayable(sum: Cents): void {
  if (sum > MOST) throw new AppError(422, 'order_too_large', 'One order may not cost more than 100 billion rupiah')
}
