/** a–z, 0–9, `_` and `-`, 3–30 characters. */
export const SLUG = /^[a-z0-9_-]{3,30}$/

const LONGEST = 30
const SHORTEST = 3

/** A slug out of a title; `id` fills it up when the title has too few letters. */
export function slugFrom(title: string, id: string): string {
  const plain = title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, LONGEST)
    .replace(/-+$/, '')
  return plain.length >= SHORTEST ? plain : withSuffix(plain, id)
}

/** The slug made different by the random end of an id. */
export const withSuffix = (slug: string, id: string): string =>
  `${slug.slice(0, LONGEST - 9)}-${id.slice(-8)}`.replace(/^-/, '')
