import { createHmac } from 'node:crypto'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { invalid } from '../platform/errors.ts'

/**
 * The phone as E.164. Indonesian numbers may be written in every usual way, foreign ones need their `+`.
 * @throws AppError 422 `phone_invalid` that names `path`, for anything that is not a valid number alone
 */
export function normalizePhone(text: string, path = 'phone'): string {
  const phone = /^[\d\s().+-]+$/.test(text)
    ? parsePhoneNumberFromString(text, { defaultCountry: 'ID', extract: false })
    : undefined
  if (!phone?.isValid())
    throw invalid('phone_invalid', path, 'is not a valid phone number; foreign numbers begin with +')
  return phone.number
}

/** HMAC-SHA256 of an E.164 phone: a bare hash of a phone could be guessed. */
export const hashContact = (key: string, phone: string): string => createHmac('sha256', key).update(phone).digest('hex')
