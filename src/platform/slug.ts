/** a–z, 0–9, `_` and `-`, 3–30 characters. */
export const SLUG = /^[a-z0-9_-]{3,30}$/

/** The letters and digits of a text as a slug has them, accents dropped; empty when it has none. */
export function slugify(text: string, longest: number): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, longest)
    .replace(/-+$/, '')
}
