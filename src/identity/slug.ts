import { randomBytes } from 'node:crypto'
import { invalid } from '../platform/errors.ts'

const RESERVED = new Set(
  'admin api app auth bank-accounts checkout console docs health help images login logout me metrics notifications o orders products profile profiles settings support trips upload uploads users webhooks ws www'.split(
    ' ',
  ),
)

/** @throws AppError 422 `slug_invalid` */
export function requireSlug(slug: string, path = 'slug'): string {
  if (!/^[a-z0-9_-]{3,30}$/.test(slug)) throw invalid('slug_invalid', path, 'needs 3 to 30 of a–z, 0–9, _ and -')
  if (RESERVED.has(slug)) throw invalid('slug_invalid', path, 'is a reserved word')
  return slug
}

/** A free-looking slug out of a name: its letters and four random characters. */
export function slugFromName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return `${plain.slice(0, 24).replace(/-+$/, '') || 'jastiper'}-${randomBytes(2).toString('hex')}`
}
