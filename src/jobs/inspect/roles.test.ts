import { newId } from '../../platform/ids.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { type JobWorld, jobWorld } from '../../testing/jobs-in-every-state.ts'

let database: TestDatabase
let world: JobWorld

beforeAll(async () => {
  database = await testDatabase()
  world = await jobWorld(database)
  await world.fill()
})
afterAll(async () => {
  await world.close()
  await database.close()
})

/** Runs a statement as a role, and undoes what it did. */
async function as(role: string, statement: string): Promise<Record<string, unknown>[]> {
  const session = await database.pool.connect()
  try {
    await session.query('begin')
    await session.query(`set local role ${role}`)
    return (await session.query(statement)).rows
  } finally {
    await session.query('rollback')
    session.release()
  }
}
const refused = /permission denied/
const views = async () =>
  (
    await world.rows<{ name: string }>(
      `select table_name as name from information_schema.views where table_schema = 'inspect'`,
    )
  ).map(row => row.name)
const letter = () => world.rows<{ id: string }>('select id from dead_letters limit 1').then(([row]) => row?.id ?? '')

test.each(['antre_reader', 'antre_dba'])('%s reads every view and the timeline of an order', async role => {
  const names = await views()
  expect(names.length).toBeGreaterThanOrEqual(12)
  for (const name of names) await as(role, `select * from inspect.${name}`)
  expect(await as(role, `select state from inspect.job where state = 'failed'`)).toHaveLength(2)
  expect(await as(role, `select * from inspect.order_timeline('${newId()}')`)).toEqual([])
})

test('antre_reader reads no table, steers nothing and writes nowhere', async () => {
  const attempts = [
    'select * from orders',
    'select * from users',
    'select * from pgboss.job',
    `select inspect.redrive('${await letter()}')`,
    `select * from inspect.redrive_matching(kind => 'test.act')`,
    `select inspect.pause_queue('test.act', 'why')`,
    `select inspect.resume_queue('test.act')`,
    `select inspect.cancel_job('${newId()}')`,
    `update inspect.dead_letter set kind = 'x'`,
    `insert into dead_letters (id) values ('${newId()}')`,
    `delete from inspect.worker`,
  ]
  for (const attempt of attempts) await expect(as('antre_reader', attempt)).rejects.toThrow(refused)
})

test('antre_dba reads tables and steers jobs', async () => {
  await as('antre_dba', 'select * from orders, pgboss.job limit 1')
  const [redriven] = await as('antre_dba', `select inspect.redrive('${await letter()}') as id`)
  expect(redriven?.id).toMatch(/^[0-9a-f-]{36}$/)
  expect(await as('antre_dba', `select redriven from inspect.redrive_matching(kind => 'test.act')`)).toEqual([
    { redriven: 2 },
  ])
  await as('antre_dba', `select inspect.pause_queue('test.act', 'why'), inspect.resume_queue('test.act')`)
  const [queued] = await world.rows<{ id: string }>(`select id from inspect.job where state = 'queued' limit 1`)
  expect(await as('antre_dba', `select inspect.cancel_job('${queued?.id}') as was`)).toEqual([{ was: 'queued' }])
})

test('antre_dba writes no table and acts in nobody else’s name', async () => {
  const id = newId()
  const attempts = [
    `update orders set status = 'paid'`,
    'delete from dead_letters',
    'delete from operator_actions',
    `update pgboss.job set state = 'completed'`,
    `select inspect.redrive_letters('admin:boss', array['${id}']::uuid[], 1)`,
    `select * from inspect.redrive_matching_as('admin', 'boss', '{"kind": "test.act"}', 1, 1, false)`,
    `select * from inspect.discard_matching_as('admin', 'boss', '{"kind": "test.act"}', 'x', 1, false)`,
    `select inspect.pause_queue_as('admin', 'boss', 'test.act', 'why', null)`,
    `select inspect.cancel_job_as('admin', 'boss', '${id}')`,
    `select inspect.retry_job_as('admin', 'boss', '${id}')`,
    `select inspect.note_action('admin', 'boss', 'x', 'y', null)`,
  ]
  for (const attempt of attempts) await expect(as('antre_dba', attempt)).rejects.toThrow(refused)
})

test('nobody else may use the schema, and every view and function says what it is for', async () => {
  // Roles belong to the whole server.
  const nobody = `antre_nobody_${process.pid}`
  await database.pool.query(`create role ${nobody} nologin`)
  try {
    await expect(as(nobody, 'select * from inspect.job')).rejects.toThrow(refused)
  } finally {
    await database.pool.query(`drop role ${nobody}`)
  }
  const silent = await world.rows(`
    select c.relname as name from pg_class c
    where c.relnamespace = 'inspect'::regnamespace and c.relkind = 'v' and obj_description(c.oid, 'pg_class') is null
    union all
    select p.proname from pg_proc p where p.pronamespace = 'inspect'::regnamespace and obj_description(p.oid, 'pg_proc') is null`)
  expect(silent).toEqual([])
})
