import { z } from 'zod'

/** Cents as a whole number; a JSON number with more than two decimals, or not above 0, is refused. */
export const amountInCents = z.number().transform((amount, context) => {
  const cents = toCents(amount)
  if (cents !== null) return cents
  context.addIssue({ code: 'custom', message: 'an amount is above 0 and has at most two decimals' })
  return z.NEVER
})

/** Read from the decimal text: 1.1 × 100 is 110.00000000000001 in binary floats. */
function toCents(amount: number): number | null {
  const [, whole = '', decimals = ''] = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(String(amount)) ?? []
  const cents = Number(whole + decimals.padEnd(2, '0'))
  return cents > 0 ? cents : null
}

/** Cents as decimal text with two decimals: 8420050 → "84200.50". */
export function centsToText(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0')
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** Cents as the JSON number that people write: 8420050 → 84200.5. */
export function centsToNumber(cents: number): number {
  return Number(centsToText(cents))
}
