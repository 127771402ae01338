import { newId } from '../platform/ids.ts'
import type { Reaction, StatusChange } from '../platform/tx.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { httpDeps } from '../testing/http-deps.ts'
import { ticketDesk, ticketFlow } from '../testing/ticket-orders.ts'
import { until } from '../testing/until.ts'
import { advance, advanceOne } from './advance.ts'
import { createOrder } from './create-order.ts'

let database: TestDatabase
let desk: ReturnType<typeof ticketDesk>
const reactions: Reaction[] = []

beforeAll(async () => {
  database = await testDatabase()
  desk = ticketDesk({ ...httpDeps(database), reactions })
})
beforeEach(() => void reactions.splice(0))
afterAll(() => database.close())

const statusOf = async (id: string) => (await desk.order(id)).status
const idsOf = (moved: { id: string }[]) => moved.map(order => order.id).sort()

test('moves those of the orders that are in a from-status, and leaves the others as they are', async () => {
  const ids = [await desk.open(), await desk.open(), await desk.open()].sort()
  const agreed = await desk.open()
  await desk.move('agree', [agreed])
  const before = await desk.order(agreed)
  const bystander = await desk.open()

  const moved = await desk.move('answer', [...ids, agreed, newId()])
  expect(idsOf(moved)).toEqual(ids)
  expect(moved.map(({ status, version, total }) => ({ status, version, total }))).toEqual(
    ids.map(() => ({ status: 'answered', version: 2, total: '10.00' })),
  )
  expect(await Promise.all(ids.map(statusOf))).toEqual(['answered', 'answered', 'answered'])
  expect(await desk.order(agreed)).toEqual(before)
  expect(await statusOf(bystander)).toBe('open')
  expect(await desk.events(agreed)).toHaveLength(2)
})

test('moves an order once when its id is given twice, and nothing when no id is given', async () => {
  const id = await desk.open()
  expect(idsOf(await desk.move('note', [id, id]))).toEqual([id])
  expect((await desk.order(id)).version).toBe(2)
  expect(await desk.move('note', [])).toEqual([])
})

test('every move writes one event with who, why and what; versions have no gap', async () => {
  const actor = { kind: 'user', id: newId(), role: 'jastiper' } as const
  const id = await desk.open({ data: { via: 'form' } })
  await desk.act(tx => advance(tx, ticketFlow, 'note', [id], { data: { text: "it's open" } }), actor)
  await desk.act(tx => advance(tx, ticketFlow, 'answer', [id], { reason: 'asked by phone' }), actor)
  await desk.move('park', [id])
  await desk.move('solve', [id])

  const events = await desk.events(id)
  expect(events.map(event => [event.version, event.transition, event.status])).toEqual([
    [1, 'create', 'open'],
    [2, 'note', 'open'],
    [3, 'answer', 'answered'],
    [4, 'solve', 'solved'],
  ])
  expect(events[0]).toMatchObject({ actor_kind: 'system', actor_id: 'test', data: { via: 'form' } })
  expect(events[1]).toMatchObject({ actor_kind: 'jastiper', actor_id: actor.id, data: { text: "it's open" } })
  expect(events[2]).toMatchObject({ reason: 'asked by phone', data: null })
  expect(await desk.order(id)).toMatchObject({ version: 4, updated_at: events[3]!.created_at })
})

test('one order in the wrong status is refused with 409 and the status that it has', async () => {
  const id = await desk.open()
  await desk.move('agree', [id])
  const refused = desk.act(tx => advanceOne(tx, ticketFlow, 'answer', id))
  await expect(refused).rejects.toMatchObject({
    status: 409,
    code: 'order_wrong_state',
    extra: { currentStatus: 'agreed' },
  })
  expect(await desk.order(id)).toMatchObject({ status: 'agreed', version: 2 })
})

test('an order of another flow is not found and not moved, though its status has the same name', async () => {
  const id = newId()
  const order = { id, status: 'open', ownerId: null, customerRef: null, currency: 'IDR', total: '1.00' } as const
  await desk.act(tx => createOrder(tx, { ...ticketFlow, name: 'parcel' }, order))
  expect(await desk.move('answer', [id])).toEqual([])
  for (const unknown of [id, newId()]) {
    const refused = desk.act(tx => advanceOne(tx, ticketFlow, 'answer', unknown))
    await expect(refused).rejects.toMatchObject({ status: 404, code: 'not_found' })
  }
  expect(await desk.order(id)).toMatchObject({ flow: 'parcel', status: 'open', version: 1 })
})

test('a transition onto the same status keeps each status, and is recorded like any other', async () => {
  const open = await desk.open()
  const answered = await desk.open()
  await desk.move('answer', [answered])
  const before = await Promise.all([open, answered].map(desk.order))

  const moved = await desk.move('note', [open, answered])
  expect(Object.fromEntries(moved.map(order => [order.id, [order.status, order.version]]))).toEqual({
    [open]: ['open', 2],
    [answered]: ['answered', 3],
  })
  expect((await desk.events(open)).at(-1)).toMatchObject({ version: 2, transition: 'note', status: 'open' })
  expect((await desk.events(answered)).at(-1)).toMatchObject({ version: 3, transition: 'note', status: 'answered' })
  const after = await Promise.all([open, answered].map(desk.order))
  expect(after.map(order => [order.deadline_at, order.closed_at])).toEqual(
    before.map(order => [order.deadline_at, null]),
  )
})

test('a status that closes, a transition that closes and one onto the same status that closes end the order', async () => {
  for (const [transition, status] of [
    ['solve', 'solved'],
    ['withdraw', 'lapsed'],
    ['drop', 'open'],
  ] as const) {
    const changes: StatusChange[] = []
    reactions.splice(0, 1, async (_tx, change) => void changes.push(change))
    const id = await desk.open()
    await desk.move(transition, [id])
    const order = await desk.order(id)
    expect([order.status, order.closed_at]).toEqual([status, order.updated_at])
    expect(changes.map(change => change.closed)).toEqual([false, true])
    for (const next of ['note', 'answer', 'drop'] as const) expect(await desk.move(next, [id])).toEqual([])
  }
})

test('the same status without a closing transition stays open', async () => {
  const id = await desk.open()
  await desk.move('lapse', [id])
  expect(await desk.order(id)).toMatchObject({ status: 'lapsed', closed_at: null })
})

test('a move may change the total', async () => {
  const id = await desk.open()
  const [moved] = await desk.move('answer', [id], { total: '12345.60' })
  expect([moved?.total, (await desk.order(id)).total]).toEqual(['12345.60', '12345.60'])
})

test('reactions are told once per status, inside the transaction', async () => {
  const seen: { change: StatusChange; versions: number[] }[] = []
  const owner = newId()
  const open = [await desk.open({ ownerId: owner, customerRef: 'ani' }), await desk.open()].sort()
  const answered = await desk.open()
  await desk.move('answer', [answered])
  reactions.push(async (tx, change) => {
    const ids = change.orders.map(order => order.id)
    const rows = await tx.db.selectFrom('orders').select('version').where('id', 'in', ids).execute()
    expect((await desk.order(ids[0]!)).version).toBe(rows[0]!.version - 1)
    seen.push({ change, versions: rows.map(row => row.version) })
  })
  await desk.move('note', [...open, answered])

  expect(seen.map(one => [one.change.status, one.change.transition, one.versions]).sort()).toEqual([
    ['answered', 'note', [3]],
    ['open', 'note', [2, 2]],
  ])
  const told = seen.find(one => one.change.status === 'open')?.change
  expect(told).toMatchObject({ flow: 'ticket', closed: false })
  expect(idsOf([...told!.orders])).toEqual(open)
  expect(told!.orders).toContainEqual(expect.objectContaining({ version: 2, ownerId: owner, customerRef: 'ani' }))
  expect(await desk.move('park', [answered])).toEqual([])
  expect(seen).toHaveLength(2)
})

test('a reaction that throws takes the move and its event back', async () => {
  const id = await desk.open()
  reactions.push(async () => {
    throw new Error('no')
  })
  await expect(desk.move('answer', [id])).rejects.toThrow('no')
  expect(await desk.order(id)).toMatchObject({ status: 'open', version: 1 })
  expect(await desk.events(id)).toHaveLength(1)
})

test('a move waits for the one that came first and then finds the order gone on', async () => {
  const id = await desk.open()
  let second: Promise<unknown> | undefined
  await desk.act(async tx => {
    await advance(tx, ticketFlow, 'agree', [id])
    second = desk.move('answer', [id])
    await until(async () => {
      const { rows } = await database.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows.length === 1
    })
  })
  expect(await second).toEqual([])
  expect((await desk.events(id)).map(event => event.transition)).toEqual(['create', 'agree'])
})

test('of many moves at once exactly one happens to each order', async () => {
  const ids = await Promise.all(Array.from({ length: 12 }, () => desk.open()))
  const racers = Array.from({ length: 12 }, (_, n) => [...ids.slice(n), ...ids.slice(0, n)])
  const moved = await Promise.all(
    racers.map((some, n) =>
      // One order per transaction, as people do; a set that waits for another set holds locks of its own.
      Promise.all(some.map(id => desk.move(n % 2 ? 'agree' : 'park', [id]))),
    ),
  )
  expect(idsOf(moved.flat(2))).toEqual([...ids].sort())
  for (const id of ids) expect((await desk.events(id)).map(event => event.version)).toEqual([1, 2])
})
