import request from 'supertest'
import { createApp } from './app.ts'
import { newId } from './platform/ids.ts'
import { type TestDatabase, testDatabase } from './testing/database.ts'
import { expectProblem } from './testing/expect-problem.ts'
import { httpDeps } from './testing/http-deps.ts'
import { probeRoutes } from './testing/probe-routes.ts'

let database: TestDatabase
const seen: unknown[] = []
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(() => {
  seen.length = 0
})

const app = (config = {}) => createApp(httpDeps(database, config), probeRoutes(seen))
const oneItem = { items: [{ name: 'kopi', quantity: 1 }] }
const postItems = (body: unknown) =>
  request(app())
    .post('/api/items')
    .send(body as object)

test.each([
  ['malformed JSON', '{"items": [', 'application/json', 400, 'malformed_json'],
  ['a body of spaces', '  ', 'application/json', 400, 'malformed_json'],
  ['a form', 'items=1', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
  ['no content type', '{}', '', 415, 'unsupported_media_type'],
  ['an unknown charset', '{}', 'application/json; charset=utf-99', 415, 'unsupported_media_type'],
  ['a bare string', '"text"', 'application/json', 422, 'validation_failed'],
  ['null', 'null', 'application/json', 422, 'validation_failed'],
  ['a list', '[]', 'application/json', 422, 'validation_failed'],
  [
    'nesting without end',
    `{"items":${'['.repeat(40_000)}${']'.repeat(40_000)}}`,
    'application/json',
    422,
    'validation_failed',
  ],
])('%s is refused', async (_what, body, type, status, code) => {
  const answer = await request(app())
    .post('/api/items')
    .set('Content-Type', type)
    .serialize(text => text as never)
    .send(body)
  expectProblem(answer, status, code)
  expect(seen).toEqual([])
})

test('no body at all names what is missing', async () => {
  const answer = await request(app()).post('/api/items')
  expectProblem(answer, 422, 'validation_failed')
  expect(answer.body.errors).toEqual([expect.objectContaining({ path: 'items' })])
})

test('every bad field is named, unknown ones too', async () => {
  const answer = await postItems({
    items: [
      { name: 7, quantity: '1' },
      { name: 'a', quantity: 1.5, price: 1 },
    ],
    admin: true,
  })
  expectProblem(answer, 422, 'validation_failed')
  const paths = answer.body.errors.map((error: { path: string }) => error.path).sort()
  expect(paths).toEqual(['admin', 'items.0.name', 'items.0.quantity', 'items.1.price', 'items.1.quantity'])
})

test('10 MB are refused, announced or streamed', async () => {
  const body = JSON.stringify({ items: [{ name: 'x'.repeat(10_000_000), quantity: 1 }] })
  expectProblem(
    await request(app()).post('/api/items').set('Content-Type', 'application/json').send(body),
    413,
    'too_large',
  )
  const streamed = request(app())
    .post('/api/items')
    .set('Content-Type', 'application/json')
    .set('Transfer-Encoding', 'chunked')
  for (let at = 0; at < body.length; at += 1_000_000) streamed.write(body.slice(at, at + 1_000_000))
  expectProblem(await streamed, 413, 'too_large')
})

test.each(['{"items":[{"name":"a\\u0000b","quantity":1}]}', '{"items":[{"name":"\\ud800","quantity":1}]}'])(
  'text that Postgres cannot hold is refused with its place: %s',
  async body => {
    const answer = await request(app()).post('/api/items').set('Content-Type', 'application/json').send(body)
    expectProblem(answer, 422, 'validation_failed')
    expect(answer.body.errors[0].path).toBe('items.0.name')
  },
)

test('NUL in a path or a query is refused', async () => {
  expectProblem(await request(app()).get('/api/items/%00'), 422, 'validation_failed')
  expectProblem(await request(app()).get(`/api/items/${newId()}?x=%00`), 422, 'validation_failed')
  expectProblem(await request(app()).get('/api/items/%E0%A4%A'), 400, 'malformed_url')
})

test.each([`'; drop table users; --`, `' or 1=1 --`, `\\'; select pg_sleep(10); --`, '$1', '%'])(
  'SQL in a string is only text: %s',
  async text => {
    const answer = await postItems({ items: [{ name: text, quantity: 1, meta: { [text]: text } }] })
    expect(answer.body.data.names).toEqual([text])
    expectProblem(await request(app()).get(`/api/items/${encodeURIComponent(text)}`), 422, 'validation_failed')
    expect(await database.db.selectFrom('users').select('id').execute()).toEqual([])
  },
)

test('query fields of the wrong type or given twice are refused', async () => {
  expectProblem(await request(app()).get(`/api/items/${newId()}?limit=many`), 422, 'validation_failed')
  expectProblem(await request(app()).get(`/api/items/${newId()}?limit=1&limit=2`), 422, 'validation_failed')
})

test.each([
  ['short', 422],
  ['k'.repeat(16), 201],
  ['k'.repeat(129), 422],
  [`${'k'.repeat(20)} x`, 422],
])('an Idempotency-Key %s answers %i', async (key, status) => {
  expect((await postItems(oneItem).set('Idempotency-Key', key)).status).toBe(status)
})
