/** Which dead letters; every field that is set must match. */
export type LetterFilter = {
  ids?: readonly string[] | undefined
  kind?: string | undefined
  errorClass?: string | undefined
  /** Text that the error's message contains, whatever its case. */
  error?: string | undefined
  /** Range of the last failure: from inclusive, to exclusive. */
  from?: Date | undefined
  to?: Date | undefined
  /** Must be contained in the payload. */
  payload?: Record<string, unknown> | undefined
}

/** The filter as `inspect.open_letters` reads it. */
export function toSqlFilter({ error, ...filter }: LetterFilter): string {
  return JSON.stringify({ ...filter, errorLike: error === undefined ? undefined : containing(error) })
}

/** A like pattern for text that contains this text literally. */
export const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`
