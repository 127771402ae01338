import type { FieldError } from './errors.ts'

const DEEPEST = 32
const MOST_ERRORS = 20

/**
 * Every place of a parsed input that Postgres cannot store, whatever a schema says: NUL characters, halves of surrogate
 * pairs, and nesting so deep that walking it recursively would end the stack.
 */
export function findUnsafeText(input: unknown): FieldError[] {
  const errors: FieldError[] = []
  const open: { value: unknown; path: string[] }[] = [{ value: input, path: [] }]
  for (let next = open.pop(); next !== undefined && errors.length < MOST_ERRORS; next = open.pop()) {
    const { value, path } = next
    if (typeof value === 'string' && !isStorable(value)) errors.push(at(path, 'holds a character that is not allowed'))
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) continue
    if (path.length >= DEEPEST) errors.push(at(path.slice(0, 3), 'is nested too deeply'))
    else {
      for (const [key, part] of Object.entries(value)) {
        if (!isStorable(key)) errors.push(at(path, 'has a field name with a character that is not allowed'))
        else open.push({ value: part, path: [...path, key] })
      }
    }
  }
  return errors
}

const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed()
const at = (path: string[], message: string): FieldError => ({ path: path.join('.'), message })
