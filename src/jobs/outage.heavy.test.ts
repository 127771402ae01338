import { systemActor } from '../platform/actor.ts'
import { inTransaction } from '../platform/tx.ts'
import { crashHandlers, waitOutside } from '../testing/crash-jobs.ts'
import { kill9, spawnWorker } from '../testing/crash-run.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { ownServer } from '../testing/own-server.ts'
import { until } from '../testing/until.ts'

test('Postgres away for longer than a heartbeat: jobs of living workers lose no attempt and act once', async () => {
  const server = await ownServer()
  await server.pool.query('create table crash_effects (kind text, n int)')
  const rt = await testRuntime(server, crashHandlers)
  await inTransaction(rt, systemActor('test'), tx => tx.enqueue(waitOutside, [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]))
  await rt.close()
  const workers = await Promise.all([0, 1].map(() => spawnWorker(server.url, { WAIT_MS: '30000' })))
  const countOf = async (state: string): Promise<number> =>
    (
      await server.pool.query('select count(*) as n from pgboss.job where name = $1 and state = $2', [
        waitOutside.kind,
        state,
      ])
    ).rows[0].n
  try {
    await until(async () => (await countOf('active')) === 4)
    await server.outage(14)
    await until(async () => (await countOf('completed')) === 4, 60_000)
    const { rows } = await server.pool.query('select outcome from job_attempts')
    expect(rows).toEqual([])
    expect((await server.pool.query('select n from crash_effects order by n')).rows.map(row => row.n)).toEqual([
      1, 2, 3, 4,
    ])
  } finally {
    await Promise.all(workers.map(kill9))
    await server.close()
  }
}, 180_000)
