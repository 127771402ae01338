import { createHmac, timingSafeEqual } from 'node:crypto'
import { unauthorized } from '../platform/errors.ts'

/** Header of every signed webhook: `t=<unix seconds>,v1=<hex>`. */
export const SIGNATURE_HEADER = 'x-antre-signature'

/** A signature is good for this long, before and after. */
const TOLERANCE_SECONDS = 300

/** Value of the header for a body that is sent at this moment. */
export function signPayload(rawBody: string | Buffer, secret: string, at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000)
  return `t=${seconds},v1=${digest(rawBody, secret, String(seconds)).toString('hex')}`
}

/**
 * Returns when the header signs exactly these bytes under this secret, not more than 5 minutes from `now`. The body is
 * only hashed: nothing of it is parsed before. @throws AppError 401 `signature_invalid` or `timestamp_out_of_range`
 */
export function verifySignature(header: string | undefined, rawBody: string | Buffer, secret: string, now: Date): void {
  const match = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? '')
  const [, seconds, hex] = match ?? []
  if (seconds === undefined || hex === undefined)
    throw unauthorized('signature_invalid', 'The signature is missing or malformed')
  // The time is judged after the signature: only the sender learns that it was a good one.
  if (!timingSafeEqual(digest(rawBody, secret, seconds), Buffer.from(hex, 'hex'))) {
    throw unauthorized('signature_invalid', 'The signature does not fit the body')
  }
  if (Math.abs(now.getTime() / 1000 - Number(seconds)) > TOLERANCE_SECONDS) {
    throw unauthorized('timestamp_out_of_range', 'The signature is too old or from the future')
  }
}

const digest = (rawBody: string | Buffer, secret: string, seconds: string): Buffer =>
  createHmac('sha256', secret).update(`${seconds}.`).update(rawBody).digest()
