import pg from 'pg'

/** Statements that this process sends to Postgres while `work` runs. */
export async function countStatements(work: () => Promise<unknown>): Promise<number> {
  const { prototype } = pg.Client
  const original = prototype.query
  let count = 0
  prototype.query = function (this: pg.Client, ...given: Parameters<typeof original>) {
    count++
    return original.apply(this, given)
  } as typeof original
  try {
    await work()
  } finally {
    prototype.query = original
  }
  return count
}
