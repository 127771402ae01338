import { createHash } from 'node:crypto'
import { invalid } from '../platform/errors.ts'

const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'
const BASE = BigInt(ALPHABET.length)
const SPACE = BASE ** 6n

const digitOf = (char: string): number => ALPHABET.indexOf(char)
const letterOf = (value: number): string => ALPHABET.charAt(value % ALPHABET.length)

/** Σv mod 31 and Σi·v mod 31: every single wrong character and every swap of two different ones is found. */
function checkCharacters(body: string): string {
  const values = [...body].map(digitOf)
  const sum = values.reduce((total, value) => total + value, 0)
  const weighted = values.reduce((total, value, index) => total + (index + 1) * value, 0)
  return letterOf(sum) + letterOf(weighted)
}

/**
 * Candidate `n` for the code of an order, such as `JST-EQK7KK-W4`: the first 8 bytes of SHA-256(`<id>:<n>`) as unsigned
 * big-endian, mod 31^6, as six digits in base 31, and two check characters.
 */
export function codeCandidate(prefix: string, orderId: string, n: number): string {
  let rest = createHash('sha256').update(`${orderId}:${n}`).digest().readBigUInt64BE(0) % SPACE
  let body = ''
  for (let digit = 0; digit < 6; digit++) {
    body = ALPHABET.charAt(Number(rest % BASE)) + body
    rest /= BASE
  }
  return `${prefix}-${body}-${checkCharacters(body)}`
}

/**
 * The code as it is stored, from what a person typed: case, spaces and dashes do not matter.
 * @throws AppError 422 `order_code_invalid` when the check characters are wrong, without any look-up
 */
export function parseCode(prefix: string, typed: string): string {
  const plain = typed.toUpperCase().replace(/[\s-]/g, '')
  const body = plain.slice(prefix.length, prefix.length + 6)
  const check = plain.slice(prefix.length + 6)
  const known = plain.startsWith(prefix) && body.length === 6 && [...body].every(char => digitOf(char) >= 0)
  if (!known || check !== checkCharacters(body)) {
    throw invalid('order_code_invalid', 'orderCode', 'the order code is mistyped')
  }
  return `${prefix}-${body}-${check}`
}
