import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { runCli } from '../testing/run-cli.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const doctor = (env: NodeJS.ProcessEnv = {}) => runCli(database.url, ['doctor'], env)
const letWorkersLive = () =>
  database.pool.query(`
    insert into workers (id, host, pid, kinds, started_at, last_seen)
    select 'w', 'h', 1, array_agg(name), now(), now() + interval '10 minutes' from pgboss.queue
    on conflict (id) do update set last_seen = excluded.last_seen`)

test('finds nothing wrong with an installation that works', async () => {
  await letWorkersLive()
  const { code, out } = await doctor()
  expect(out).not.toMatch(/✗/)
  expect(out).toMatch(/✓ configuration.*\n✓ Postgres \d+/)
  for (const line of [
    'migrations: all applied',
    'pg-boss 12.35.0: schema version',
    'LISTEN/NOTIFY: heard',
    'workers: 1 alive',
    'jobs: none is stuck',
    'dead letters: none is open',
  ]) {
    expect(out).toContain(`✓ ${line}`)
  }
  expect(out).toMatch(/Nothing is wrong\.\n$/)
  expect(code).toBe(0)
})

test('names everything that is wrong and ends with code 1', async () => {
  await database.pool.query(`
    truncate workers;
    update pgboss.queue set retry_limit = 2 where name = 'stock.sweep';
    update schedules set enabled = false, changed_by = 'ops:sari' where name = 'stock.sweep';
    insert into job_keys values ('orders.sweep-deadlines', 'sweep', gen_random_uuid());
    insert into pgboss.job (name, start_after) values ('stock.release', now() - interval '5 minutes');
    insert into dead_letters (id, job_id, kind, payload, error, error_class, attempts, first_failed_at, last_failed_at)
    values (gen_random_uuid(), gen_random_uuid(), 'payment.refund', '{}', '{}', 'Permanent', 4, now(), now())`)
  const { code, out } = await doctor({ JWT_SECRET: 'short', REDIS_URL: 'redis://127.0.0.1:1' })
  expect(code).toBe(1)
  for (const line of [
    '✗ Bad environment: JWT_SECRET: needs at least 16 characters',
    '✗ queues: other settings than this checkout has: stock.sweep',
    '! schedules: switched off: stock.sweep (by ops:sari)',
    '✗ Redis at 127.0.0.1:1 does not answer',
    '✗ workers: none is alive',
    '✗ jobs: 1 of stock.release stuck: no living worker works this kind',
    '✗ job keys: held by no job: orders.sweep-deadlines sweep',
    '! dead letters: 1 payment.refund',
    '6 things are wrong.',
  ]) {
    expect(out).toContain(line)
  }
})

test('a forgotten transaction is named with its pid', async () => {
  const session = await database.pool.connect()
  try {
    await session.query('begin isolation level repeatable read; select 1')
    const { rows } = await session.query('select pg_backend_pid() as pid')
    // Only the age that is shown is shortened for the test.
    await database.pool.query(`
      create or replace view inspect.xmin_blocker as
      select source, pid, who, application, state, since, interval '2 hours' as held_for, 9::bigint as held_back_xids, query, remedy
      from inspect.held_snapshots()`)
    expect((await doctor()).out).toContain(`✗ vacuum: held back for 7200 s by a session (pid ${rows[0].pid})`)
  } finally {
    await session.query('rollback')
    session.release()
  }
})

test('a migration that is missing ends the examination', async () => {
  await database.pool.query(`delete from kysely_migration where name = '202611200120_orders'`)
  const { code, out } = await doctor()
  expect(code).toBe(1)
  expect(out).toContain('✗ migrations: 1 not applied (202611200120_orders): npm run migrate')
  expect(out).not.toContain('workers')
})

test('a database that was never migrated is one clear line', async () => {
  await database.pool.query('drop schema public, pgboss, inspect cascade; create schema public')
  const { code, out } = await doctor()
  expect(code).toBe(1)
  expect(out).toContain('✗ the database is not migrated: npm run migrate')
})
