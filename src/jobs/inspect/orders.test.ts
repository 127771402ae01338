import { newId, timeOfId } from '../../platform/ids.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { act, type JobWorld, jobWorld } from '../../testing/jobs-in-every-state.ts'

let database: TestDatabase
let world: JobWorld

beforeAll(async () => {
  database = await testDatabase()
  world = await jobWorld(database)
})
beforeEach(() => world.reset())
afterAll(async () => {
  await world.close()
  await database.close()
})

describe('what DBAs see of orders', () => {
  const insertOrder = async (deadline: string, queued: string | null): Promise<string> => {
    const id = newId()
    await database.pool.query(
      `insert into orders (id, flow, status, currency, deadline_at, deadline_queued_at, created_at, updated_at)
       values ($1, 'parcel', 'packed', 'IDR', pgboss.job_now() + $2::interval, pgboss.job_now() + $3::interval,
               pgboss.job_now() - interval '1 hour', pgboss.job_now())`,
      [id, deadline, queued],
    )
    return id
  }

  test('order_deadline_due lists what is overdue, and finds the dead letter that holds an order up', async () => {
    await insertOrder('1 hour', null)
    const unswept = await insertOrder('-10 minutes', null)
    const queued = await insertOrder('-10 minutes', '-5 minutes')
    const stranded = await insertOrder('-10 minutes', '-5 minutes')
    await world.die([{ n: 1, orderIds: [stranded] }])
    const due = await world.rows<{ order_id: string; why: string; dead_letter_id: string | null }>(
      'select order_id, why, dead_letter_id from inspect.order_deadline_due',
    )
    const by = new Map(due.map(row => [row.order_id, row]))
    expect([...by.keys()].sort()).toEqual([unswept, queued, stranded].sort())
    expect(by.get(unswept)?.why).toBe('waits for the sweep')
    expect(by.get(queued)?.why).toBe('its job is queued: inspect.order_timeline(order_id)')
    expect(by.get(stranded)?.why).toBe('its job died: inspect.redrive(dead_letter_id)')
    const letter = await world.one<{ id: string }>('select id from dead_letters')
    expect(by.get(stranded)?.dead_letter_id).toBe(letter.id)
  })

  test('order_timeline tells events, jobs, attempts, death and redrive of one order in their order', async () => {
    const id = await insertOrder('1 hour', null)
    const other = await insertOrder('1 hour', null)
    await database.pool.query(
      `insert into order_events (order_id, version, transition, status, actor_kind, created_at)
       values ($1, 1, 'create', 'packed', 'guest', pgboss.job_now() - interval '1 hour'), ($2, 1, 'create', 'packed', 'guest', pgboss.job_now())`,
      [id, other],
    )
    await world.enqueue(act, [
      { n: 1, orderId: id },
      { n: 2, orderId: other },
    ])
    await world.work()
    await world.die([{ n: 3, orderIds: [id] }])
    await database.pool.query('select inspect.redrive(id) from dead_letters')
    await world.work()
    const lines = await world.rows<{ what: string; name: string; outcome: string }>(
      'select what, name, outcome from inspect.order_timeline($1)',
      [id],
    )
    expect(lines[0]).toEqual({ what: 'event', name: 'create', outcome: 'packed' })
    expect(lines.slice(1).map(({ what, outcome }) => `${what} ${outcome}`)).toEqual([
      'job completed',
      'attempt completed',
      'job failed',
      'attempt dead',
      'dead letter Permanent',
      'job completed',
      'redrive new job',
      'attempt completed',
    ])
  })

  test('stock_ledger: free, held and committed pieces add up to what was put in', async () => {
    const item = newId()
    await database.pool.query(
      `insert into stock_items (id, stock, updated_at) values ('${item}', 5, now()), ('${newId()}', null, now());
       insert into stock_reservations (order_id, item_id, quantity, state, created_at)
       values ('${newId()}', '${item}', 2, 'held', now()), ('${newId()}', '${item}', 3, 'committed', now()), ('${newId()}', '${item}', 9, 'released', now())`,
    )
    expect(
      await world.one('select free, held, committed, initial from inspect.stock_ledger where item_id = $1', [item]),
    ).toEqual({
      free: 5,
      held: 2,
      committed: 3,
      initial: 10,
    })
    expect(await world.one('select unlimited, initial from inspect.stock_ledger where item_id <> $1', [item])).toEqual({
      unlimited: true,
      initial: null,
    })
  })
})

describe('ids of jobs made in SQL', () => {
  test('are UUID v7 of the due time, not before the first id of that time', async () => {
    const at = new Date('2026-11-20T08:00:00.123Z')
    const { id, first } = await world.one<{ id: string; first: string }>(
      'select inspect.new_job_id($1) as id, inspect.first_job_id($1) as first',
      [at],
    )
    expect(timeOfId(id)).toBe(at.getTime())
    expect(first < id && first <= newId(at)).toBe(true)
    expect(first > newId(new Date(at.getTime() - 1))).toBe(true)
  })
})
