import express from 'express'
import request from 'supertest'
import type { Actor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { answerProblem } from '../platform/send-problem.ts'
import { serveRoutes } from '../platform/serve-route.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { httpDeps } from '../testing/http-deps.ts'
import { ticketDesk } from '../testing/ticket-orders.ts'
import type { FlowPage } from './flow-page.ts'
import { orderRoutes } from './order-routes.ts'

type Item = { id: string; status: string; seenBy: string }

const seller = { kind: 'user', id: newId(), role: 'jastiper' } as const
const rival = { kind: 'user', id: newId(), role: 'jastiper' } as const
const newcomer = { kind: 'user', id: newId(), role: 'jastiper' } as const
const admin = { kind: 'user', id: newId(), role: 'admin' } as const
const ops = { kind: 'user', id: newId(), role: 'ops' } as const

const page: FlowPage = {
  flow: 'ticket',
  mayView: (actor, order) =>
    actor.kind === 'pass'
      ? actor.orderId === order.id
      : actor.kind === 'user' && (actor.role === 'admin' || actor.id === order.ownerId),
  view: async (_db, actor, { id, status }) => ({ id, status, seenBy: actor.kind }),
  list: async (_db, actor, orders) => orders.map(({ id, status }) => ({ id, status, seenBy: actor.kind })),
}

let database: TestDatabase
let desk: ReturnType<typeof ticketDesk>
let get: (actor: Actor, path: string) => request.Test
let own: string[]
let theirs: string

beforeAll(async () => {
  database = await testDatabase()
  const deps = { ...httpDeps(database), flowPages: new Map([['ticket', page]]) }
  desk = ticketDesk(deps)
  const app = express()
  app.use(serveRoutes(deps, orderRoutes, async (_, req) => JSON.parse(req.get('X-Test-Actor') ?? '{"kind":"public"}')))
  app.use(answerProblem)
  get = (actor, path) => request(app).get(path).set('X-Test-Actor', JSON.stringify(actor))
  // Orders of one transaction have the same created_at: only the id tells them apart.
  const create = (count: number) =>
    desk.act(async tx => {
      const ids: string[] = []
      for (let n = 0; n < count; n++) ids.push((await desk.openIn(tx, { ownerId: seller.id })).id)
      return ids
    })
  own = [...(await create(4)), ...(await create(3))]
  await desk.move('answer', own.slice(0, 2))
  await desk.move('agree', own.slice(2, 3))
  theirs = await desk.open({ ownerId: rival.id })
})
afterAll(() => database.close())

const list = async (actor: Actor, query = ''): Promise<string[]> => {
  const answer = await get(actor, `/api/orders?flow=ticket${query}`).expect(200)
  return answer.body.data.map((item: Item) => item.id)
}
const newestFirst = (ids: string[]) => [...ids].sort().reverse()
const passFor = (orderId: string): Actor => ({
  kind: 'pass',
  orderId,
  guestId: newId(),
  tokenId: newId(),
  readOnly: true,
})

test('following the cursor shows every order once, newest first, also among those of one moment', async () => {
  for (const limit of [1, 3, 7, 100]) {
    const seen: string[] = []
    let cursor: string | null = ''
    for (let pages = 0; cursor !== null; pages++) {
      expect(pages).toBeLessThan(10)
      const next: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const { body }: { body: { data: Item[]; pagination: { nextCursor: string | null } } } = await get(
        seller,
        `/api/orders?flow=ticket&limit=${limit}${next}`,
      ).expect(200)
      expect(body.data.length).toBeLessThanOrEqual(limit)
      seen.push(...body.data.map(item => item.id))
      cursor = body.pagination.nextCursor
    }
    expect(seen).toEqual(newestFirst(own))
  }
})

test('an order that comes while someone turns pages moves none of those to come', async () => {
  const visitor = { kind: 'user', id: newId(), role: 'jastiper' } as const
  const ids = [await desk.open({ ownerId: visitor.id }), await desk.open({ ownerId: visitor.id })]
  const first = await get(visitor, '/api/orders?flow=ticket&limit=1').expect(200)
  await desk.open({ ownerId: visitor.id })
  const cursor = first.body.pagination.nextCursor
  expect([first.body.data[0].id, ...(await list(visitor, `&cursor=${cursor}`))]).toEqual(newestFirst(ids))
})

test('a seller sees only the own orders, an admin all, and the flow says how', async () => {
  expect(await list(rival)).toEqual([theirs])
  expect(await list(newcomer)).toEqual([])
  expect(await list(admin)).toEqual(expect.arrayContaining([...own, theirs]))
  const { body } = await get(rival, '/api/orders?flow=ticket')
  expect(body).toEqual({
    success: true,
    data: [{ id: theirs, status: 'open', seenBy: 'user' }],
    pagination: { nextCursor: null },
  })
})

test('statuses filter the list, given once, with commas or repeated', async () => {
  expect(await list(seller, '&status=answered')).toEqual(newestFirst(own.slice(0, 2)))
  const both = newestFirst(own.slice(0, 3))
  expect(await list(seller, '&status=answered,%20agreed')).toEqual(both)
  expect(await list(seller, '&status=answered&status=agreed')).toEqual(both)
  expect(await list(seller, '&status=nonsense')).toEqual([])
  expect(await list(admin, '&status=agreed')).toEqual([own[2]])
})

test('from is inclusive, to is not', async () => {
  const early = (await desk.order(own[0]!)).created_at.toISOString()
  const late = (await desk.order(own[6]!)).created_at.toISOString()
  expect(await list(seller, `&from=${late}`)).toEqual(newestFirst(own.slice(4)))
  expect(await list(seller, `&to=${late}`)).toEqual(newestFirst(own.slice(0, 4)))
  expect(await list(seller, `&from=${early}&to=${late}`)).toEqual(newestFirst(own.slice(0, 4)))
  const elsewhere = new Date(Date.parse(late) + 7 * 3_600_000).toISOString().replace('Z', '+07:00')
  expect(await list(seller, `&from=${encodeURIComponent(elsewhere)}`)).toEqual(newestFirst(own.slice(4)))
})

test.each([
  ['no flow', '', 422],
  ['an unknown flow', 'flow=nothing', 404],
  ['a limit of 0', 'flow=ticket&limit=0', 422],
  ['a limit above 100', 'flow=ticket&limit=101', 422],
  ['a day that is none', 'flow=ticket&from=yesterday', 422],
  ['a cursor of nobody', 'flow=ticket&cursor=bm9ib2R5', 422],
])('a list with %s is refused', async (_, query, status) => {
  const { body } = await get(seller, `/api/orders?${query}`).expect(status)
  expect(body).toMatchObject({ success: false, status })
})

test('the list is for sellers and admins only', async () => {
  await get({ kind: 'public' }, '/api/orders?flow=ticket').expect(401)
  await get(ops, '/api/orders?flow=ticket').expect(403)
  await get(passFor(own[0]!), '/api/orders?flow=ticket').expect(403)
})

test('one order shows what the flow shows, and its events from the first on', async () => {
  for (const actor of [seller, admin, passFor(own[0]!)]) {
    const { body } = await get(actor, `/api/orders/${own[0]}`).expect(200)
    expect(body.data).toMatchObject({ id: own[0], status: 'answered', seenBy: actor.kind })
    expect(body.data.events).toEqual([
      { version: 1, transition: 'create', status: 'open', reason: null, actorKind: 'system', at: expect.any(String) },
      {
        version: 2,
        transition: 'answer',
        status: 'answered',
        reason: null,
        actorKind: 'system',
        at: expect.any(String),
      },
    ])
  }
})

test('an order of somebody else is not found, exactly like one that does not exist', async () => {
  const unknown = await get(seller, `/api/orders/${newId()}`).expect(404)
  for (const actor of [rival, passFor(own[1]!)]) {
    const { body } = await get(actor, `/api/orders/${own[0]}`).expect(404)
    expect([body.code, body.error]).toEqual([unknown.body.code, unknown.body.error])
  }
  await get({ kind: 'public' }, `/api/orders/${own[0]}`).expect(401)
  await get(ops, `/api/orders/${own[0]}`).expect(403)
})

test('an order of a flow that has no page here is not found', async () => {
  const id = await desk.open({ ownerId: seller.id })
  await database.pool.query(`update orders set flow = 'other' where id = $1`, [id])
  await get(admin, `/api/orders/${id}`).expect(404)
  expect(await list(admin)).not.toContain(id)
})
