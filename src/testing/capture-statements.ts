import pg from 'pg'

type Statement = { text: string; values: readonly unknown[] }

/** The statements, with their parameters, that this process sends to Postgres while `work` runs, in order. */
export async function captureStatements(work: () => Promise<unknown>): Promise<Statement[]> {
  const { prototype } = pg.Client
  const original = prototype.query
  const seen: Statement[] = []
  prototype.query = function (this: pg.Client, ...given: Parameters<typeof original>) {
    const [asked, values] = given as unknown as [string | { text?: string; values?: unknown[] }, unknown]
    const text = typeof asked === 'string' ? asked : (asked.text ?? '')
    const own = typeof asked === 'string' ? values : (asked.values ?? values)
    seen.push({ text, values: Array.isArray(own) ? own : [] })
    return original.apply(this, given)
  } as typeof original
  try {
    await work()
  } finally {
    prototype.query = original
  }
  return seen
}
