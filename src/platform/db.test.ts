import { sql } from 'kysely'
import { testDatabase } from '../testing/database.ts'
import { until } from '../testing/until.ts'

test('a connection that is lost inside a transaction fails the transaction, not the process', async () => {
  const database = await testDatabase()
  let broken = false
  database.pool.on('connect', client => {
    client.on('error', () => {
      broken = true
    })
  })
  try {
    const transaction = database.db.transaction().execute(async tx => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
      // Between two statements: no query is there that could fail.
      await database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
      await until(() => broken)
      await sql`select 1`.execute(tx)
    })
    await expect(transaction).rejects.toThrow(/terminat|not queryable|closed/i)
    expect((await sql<{ one: number }>`select 1 as one`.execute(database.db)).rows).toEqual([{ one: 1 }])
  } finally {
    await database.close()
  }
})

test('every connection of a pool has a listener for its errors', async () => {
  const database = await testDatabase()
  const client = await database.pool.connect()
  try {
    expect(client.listenerCount('error')).toBeGreaterThan(0)
  } finally {
    client.release()
    await database.close()
  }
})
