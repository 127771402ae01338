import { Writable } from 'node:stream'
import { pino } from 'pino'
import request from 'supertest'
import { createApp } from '../app.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { httpDeps } from '../testing/http-deps.ts'
import { probeRoutes } from '../testing/probe-routes.ts'
import { redactQuery } from './request-log.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

/** The log lines of one call. */
async function linesOf(call: (app: Parameters<typeof request>[0]) => request.Test): Promise<Record<string, unknown>[]> {
  const lines: string[] = []
  const sink = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) })
  await call(createApp({ ...httpDeps(database), log: pino(sink) }, probeRoutes([])))
  return lines.map(line => JSON.parse(line))
}

test('a request is one line that reads alone, with its id and without secrets', async () => {
  const lines = await linesOf(app =>
    request(app)
      .post('/api/items?ticket=SECRET-1&limit=5')
      .set({
        Authorization: 'Bearer test-monitoring-token',
        Cookie: 'antre_refresh=SECRET-2',
        'X-Request-Id': 'trace-0123',
      })
      .send({ items: [{ name: 'SECRET-3', quantity: 1 }] }),
  )
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({
    msg: 'POST /api/items 201',
    request_id: 'trace-0123',
    req: { method: 'POST', url: '/api/items?ticket=[redacted]&limit=5' },
    res: { status: 201 },
    duration_ms: expect.any(Number),
  })
  expect(JSON.stringify(lines)).not.toMatch(/SECRET|test-monitoring-token/)
})

test('a failure of ours is logged once, with its cause', async () => {
  const lines = await linesOf(app => request(app).get('/api/fail?sql=select'))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({
    level: 50,
    err: { message: 'boom select', stack: expect.stringContaining('probe-routes') },
  })
})

test('a refusal is no error and has no stack', async () => {
  const lines = await linesOf(app => request(app).get('/api/admin'))
  expect(lines).toEqual([expect.objectContaining({ level: 30, msg: 'GET /api/admin 401' })])
  expect(lines[0]).not.toHaveProperty('err')
})

test.each([
  ['/api/orders', '/api/orders'],
  ['/api/orders?search=0812&status=paid', '/api/orders?search=[redacted]&status=paid'],
  ['/x?ticket', '/x?ticket=[redacted]'],
])('%s is logged as %s', (url, logged) => {
  expect(redactQuery(url)).toBe(logged)
})
