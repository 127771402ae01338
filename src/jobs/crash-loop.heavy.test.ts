import { once } from 'node:events'
import { systemActor } from '../platform/actor.ts'
import { inTransaction } from '../platform/tx.ts'
import { crashHandlers, killWorker } from '../testing/crash-jobs.ts'
import { kill9, spawnWorker } from '../testing/crash-run.ts'
import { testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { until } from '../testing/until.ts'

const MAX_RESTARTS = 30

test('a job that kills its worker dies after its own four attempts; its neighbours are done and lose none', async () => {
  const database = await testDatabase()
  const rt = await testRuntime(database, crashHandlers)
  await database.pool.query('create table crash_effects (kind text, n int)')
  await inTransaction(rt, systemActor('test'), tx =>
    tx.enqueue(
      killWorker,
      Array.from({ length: 40 }, (_, n) => ({ n })),
    ),
  )
  const isDead = async () => (await database.pool.query('select 1 from dead_letters')).rows.length === 1
  let restarts = 0
  try {
    while (!(await isDead())) {
      expect(restarts++).toBeLessThan(MAX_RESTARTS)
      const worker = await spawnWorker(database.url)
      const exited = once(worker, 'exit')
      await Promise.race([exited, until(isDead, 60_000)])
      await kill9(worker)
    }
    process.stdout.write(`crash loop: dead after ${restarts} starts of the worker\n`)
    const { rows: done } = await database.pool.query('select n from crash_effects order by n')
    expect(done.map(row => row.n)).toEqual(Array.from({ length: 40 }, (_, n) => n).filter(n => n !== 13))
    const { rows: letters } = await database.pool.query('select payload, attempts, error_class from dead_letters')
    expect(letters).toEqual([{ payload: { n: 13 }, attempts: 4, error_class: 'WorkerLost' }])
    const { rows: attempts } = await database.pool.query(
      'select distinct payload from job_attempts a join dead_letters d using (job_id)',
    )
    expect(attempts).toEqual([{ payload: { n: 13 } }])
    expect((await database.pool.query('select distinct job_id from job_attempts')).rows).toHaveLength(1)
  } finally {
    await rt.close()
    await database.close()
  }
}, 300_000)
