import { randomBytes } from 'node:crypto'
import { invalid } from '../platform/errors.ts'
import { SLUG, slugify } from '../platform/slug.ts'

const RESERVED = new Set(
  'admin api app auth bank-accounts checkout console docs health help images login logout me metrics notifications o orders products profile profiles settings support trips upload uploads users webhooks ws www'.split(
    ' ',
  ),
)

/** @throws AppError 422 `slug_invalid` */
export function requireSlug(slug: string, path = 'slug'): string {
  if (!SLUG.test(slug)) throw invalid('slug_invalid', path, 'needs 3 to 30 of a–z, 0–9, _ and -')
  if (RESERVED.has(slug)) throw invalid('slug_invalid', path, 'is a reserved word')
  return slug
}

/** A free-looking slug out of a name: its letters and four random characters. */
export function slugFromName(name: string): string {
  return `${slugify(name, 24) || 'jastiper'}-${randomBytes(2).toString('hex')}`
}
