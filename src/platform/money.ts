/**
 * Money is whole cents in a bigint while it is computed, `numeric(14,2)` in Postgres and a number with at most two
 * decimals in JSON. No float ever takes part in a sum or a percentage.
 */
export type Cents = bigint

/** Cents of a `numeric` as pg returns it, or of a JSON number that has at most two decimals. Throws on anything else. */
export function toCents(value: string | number): Cents {
  const text = typeof value === 'number' ? value.toString() : value
  const match = /^(-?)(\d+)(?:\.(\d{1,2})0*)?$/.exec(text)
  if (!match) throw new Error(`not an amount of money: ${text}`)
  const cents = BigInt(match[2] ?? '0') * 100n + BigInt((match[3] ?? '').padEnd(2, '0'))
  return match[1] === '-' ? -cents : cents
}

/** Text for a `numeric(14,2)` column. */
export function toNumeric(cents: Cents): string {
  const sign = cents < 0n ? '-' : ''
  const abs = cents < 0n ? -cents : cents
  return `${sign}${abs / 100n}.${(abs % 100n).toString().padStart(2, '0')}`
}

/** JSON number of an amount: exact, as amounts stay far below 2^53 cents. */
export const toAmount = (value: string | Cents): number => Number(typeof value === 'bigint' ? toNumeric(value) : value)

const WHOLE = 100n

/** Rounds up to whole units (whole rupiah). */
const ceilToWhole = (cents: Cents): Cents => {
  const rest = ((cents % WHOLE) + WHOLE) % WHOLE
  return rest === 0n ? cents : cents + WHOLE - rest
}

/** `percent` (at most two decimals) of an amount, rounded up to whole units. 7 % of 1,100,000 is 77,000, not 77,001. */
export function ceilPercent(cents: Cents, percent: string | number): Cents {
  const product = cents * toCents(percent)
  const divisor = 10_000n
  const exact = product / divisor
  return ceilToWhole(product % divisor > 0n ? exact + 1n : exact)
}
