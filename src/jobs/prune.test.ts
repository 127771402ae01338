import { systemActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction } from '../platform/tx.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { drain } from '../testing/drain.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { jobRetention, jobsPrune, pruneHandler } from './prune.ts'

let database: TestDatabase
let rt: Awaited<ReturnType<typeof testRuntime>>
let clock: Awaited<ReturnType<typeof testClock>>

beforeAll(async () => {
  database = await testDatabase()
  clock = await testClock(database)
  const notes = { table: 'notes', column: 'written_at', days: 2, where: 'not kept' }
  rt = await testRuntime(database, [pruneHandler([...jobRetention, notes])])
  await database.pool.query('create table notes (written_at timestamptz, kept boolean not null default false)')
})
beforeEach(() =>
  database.pool.query(
    'truncate notes, job_attempts, dead_letters, schedule_runs, job_minutes, workers, idempotency_keys, job_keys; delete from pgboss.job',
  ),
)
afterAll(async () => {
  await rt.close()
  await database.close()
})

async function prune(): Promise<void> {
  await inTransaction(rt, systemActor('test'), tx => tx.enqueue(jobsPrune, [{}]))
  await drain(rt, [jobsPrune.kind])
  const { rows } = await database.pool.query(`select from pgboss.job where data = '{}' and state <> 'completed'`)
  expect(rows).toEqual([])
}
const count = async (what: string): Promise<number> =>
  (await database.pool.query(`select count(*) as n from ${what}`)).rows[0].n
const ago = (days: number) => `pgboss.job_now() - interval '${days} days'`

test('rows go when their time is over, and not a day before', async () => {
  await database.pool.query(`
    insert into notes values (${ago(3)}), (${ago(1)}), (null);
    insert into notes values (${ago(3)}, true);
    insert into job_attempts (job_id, attempt, kind, outcome, ended_at) values ('${newId()}', 1, 'k', 'retry', ${ago(31)}), ('${newId()}', 1, 'k', 'retry', ${ago(29)});
    insert into schedule_runs values ('s', ${ago(3)}, ${ago(3)}), ('s', ${ago(1)}, ${ago(1)});
    insert into job_minutes (kind, minute, worker_id, wait_histogram, run_histogram) values ('k', ${ago(9)}, 'w', '{}', '{}'), ('k', ${ago(7)}, 'w', '{}', '{}');
    insert into workers (id, host, pid, kinds, started_at, last_seen) values ('gone', 'h', 1, '{}', ${ago(9)}, ${ago(2)}), ('alive', 'h', 2, '{}', ${ago(9)}, ${ago(0)});
    insert into idempotency_keys (scope, route, key, body_hash, created_at) values ('s', 'r', 'old', 'h', ${ago(2)}), ('s', 'r', 'new', 'h', ${ago(0)})`)
  await prune()
  expect(await count('notes where kept')).toBe(1)
  expect(await count('notes where not kept')).toBe(2)
  for (const table of ['job_attempts', 'schedule_runs', 'job_minutes', 'workers', 'idempotency_keys']) {
    expect([table, await count(table)]).toEqual([table, 1])
  }
  expect(await count(`workers where id = 'alive'`)).toBe(1)
})

test('a dead letter stays for ever while it is open, and 180 days after somebody dealt with it', async () => {
  const letter = (redriven: string, discarded: string) =>
    database.pool.query(
      `insert into dead_letters (id, job_id, kind, payload, error, error_class, attempts, first_failed_at, last_failed_at, redriven_at, discarded_at)
       values ('${newId()}', '${newId()}', 'k', '{}', '{}', 'Error', 1, ${ago(900)}, ${ago(900)}, ${redriven}, ${discarded})`,
    )
  await letter('null', 'null')
  await letter(ago(181), 'null')
  await letter(ago(179), 'null')
  await letter('null', ago(181))
  await letter('null', ago(179))
  await prune()
  expect(await count('dead_letters where redriven_at is null and discarded_at is null')).toBe(1)
  expect(await count('dead_letters')).toBe(3)
})

test('finished jobs go after 7 days; queued and running ones stay, however old they are', async () => {
  const insert = (state: string, dueDays: number, doneDays: number | null) =>
    database.pool.query(
      `insert into pgboss.job (id, name, state, start_after, completed_on, keep_until)
       values (inspect.new_job_id(${ago(dueDays)}), 'jobs.prune', $1, ${ago(-1)}, ${doneDays === null ? 'null' : ago(doneDays)}, pgboss.job_now())`,
      [state],
    )
  for (const state of ['completed', 'failed', 'cancelled']) {
    await insert(state, 8, 8)
    await insert(state, 8, 6)
    await insert(state, 6, 6)
  }
  for (const state of ['created', 'retry', 'active']) await insert(state, 400, null)
  await prune()
  const { rows } = await database.pool.query(`select state::text, count(*) as n from pgboss.job group by 1 order by 1`)
  expect(rows).toEqual([
    { state: 'active', n: 1 },
    { state: 'cancelled', n: 2 },
    { state: 'completed', n: 3 },
    { state: 'created', n: 1 },
    { state: 'failed', n: 2 },
    { state: 'retry', n: 1 },
  ])
})

test('more rows than one transaction takes go in several', async () => {
  await database.pool.query(`insert into notes select ${ago(3)} from generate_series(1, 12000)`)
  await prune()
  expect(await count('notes')).toBe(0)
})

test('a key whose job is gone is freed, one whose job waits is kept', async () => {
  const [waiting] = (
    await database.pool.query(
      `insert into pgboss.job (name, start_after) values ('jobs.prune', pgboss.job_now() + interval '1 hour') returning id`,
    )
  ).rows
  await database.pool.query(`insert into job_keys values ('jobs.prune', 'waiting', $1), ('jobs.prune', 'orphan', $2)`, [
    waiting.id,
    newId(),
  ])
  await prune()
  expect((await database.pool.query('select key from job_keys')).rows).toEqual([{ key: 'waiting' }])
})

test('is queued once, however often it is raised', async () => {
  for (let n = 0; n < 3; n++) await inTransaction(rt, systemActor('test'), tx => tx.enqueue(jobsPrune, [{}]))
  expect(await count('pgboss.job')).toBe(1)
  await clock.advance(1)
})
