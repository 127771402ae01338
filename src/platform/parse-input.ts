import type { z } from 'zod'
import { AppError, type FieldError } from './errors.ts'
import { findUnsafeText } from './unsafe-text.ts'

type Schema = z.ZodType<unknown> | undefined
export type Input = { params: unknown; query: unknown; body: unknown }

const MOST_ERRORS = 50

/**
 * Checks the parts of a request against their schemas; a part without a schema becomes undefined.
 * @throws AppError 422 `validation_failed` that names every bad field of all parts
 */
export function parseInput(schemas: { [part in keyof Input]?: Schema }, given: Input): Input {
  const errors = [...findUnsafeText(given.params), ...findUnsafeText(given.query), ...findUnsafeText(given.body)]
  if (errors.length > 0) throw invalidInput(errors)
  const check = (schema: Schema, value: unknown): unknown => {
    if (!schema) return undefined
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    errors.push(...parsed.error.issues.flatMap(fieldErrors))
    return undefined
  }
  const input = {
    params: check(schemas.params, given.params),
    query: check(schemas.query, given.query),
    body: check(schemas.body, given.body),
  }
  if (errors.length > 0) throw invalidInput(errors)
  return input
}

/**
 * The JSON of a body that a route kept as bytes because its signature is over them.
 * @throws AppError 400 `malformed_json`, 422 `validation_failed`
 */
export function parseRawJson<B>(schema: z.ZodType<B>, bytes: Buffer): B {
  const body = parseBytes(bytes)
  const unsafe = findUnsafeText(body)
  if (unsafe.length > 0) throw invalidInput(unsafe)
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw invalidInput(parsed.error.issues.flatMap(fieldErrors))
}

function parseBytes(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new AppError(400, 'malformed_json', 'The body is not valid JSON')
  }
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String)
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: issue.message }]
  return issue.keys.map(key => ({ path: [...path, key].join('.'), message: 'is not a field of this request' }))
}

function invalidInput(errors: FieldError[]): AppError {
  const [first] = errors
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const message = `The request is not valid: ${first?.path || 'body'}: ${first?.message}${more}`
  return new AppError(422, 'validation_failed', message, { errors: errors.slice(0, MOST_ERRORS) })
}
