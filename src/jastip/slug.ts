import { slugify } from '../platform/slug.ts'

const LONGEST = 30
const SHORTEST = 3

/** A slug out of a title; `id` fills it up when the title has too few letters. */
export function slugFrom(title: string, id: string): string {
  const plain = slugify(title, LONGEST)
  return plain.length >= SHORTEST ? plain : withSuffix(plain, id)
}

/** The slug made different by the random end of an id. */
export const withSuffix = (slug: string, id: string): string =>
  `${slug.slice(0, LONGEST - 9)}-${id.slice(-8)}`.replace(/^-/, '')
