import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import request from 'supertest'
import { createApp } from './app.ts'
import { createDb, createPool } from './platform/db.ts'
import { type HttpServer, startHttpServer } from './platform/http-server.ts'
import { newId } from './platform/ids.ts'
import { type TestDatabase, testDatabase } from './testing/database.ts'
import { httpDeps } from './testing/http-deps.ts'
import { probeRoutes } from './testing/probe-routes.ts'
import { until } from './testing/until.ts'

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

function expectProblem(answer: request.Response, status: number, code: string): void {
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status, body: { code, status, success: false } })
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  expect(answer.body.instance).toBe(answer.headers['x-request-id'])
  expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.ts:|select |insert /)
}

describe('a request that is right', () => {
  test('gets the envelope, the page, and nothing to cache', async () => {
    const id = newId()
    const answer = await request(app()).get(`/api/items/${id}?limit=5`)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({ success: true, data: { id, limit: 5 }, pagination: { nextCursor: 'next' } })
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['x-powered-by']).toBeUndefined()
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
  })

  test('keeps its own request id when it is well formed, and gets one otherwise', async () => {
    const kept = await request(app()).get('/api/who').set('X-Request-Id', 'trace-0123456789')
    expect(kept.headers['x-request-id']).toBe('trace-0123456789')
    const replaced = await request(app()).get('/api/who').set('X-Request-Id', '<script>')
    expect(replaced.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('answers a bare route without the envelope and a signed one with the bytes', async () => {
    const metrics = await request(app()).get('/metrics').set('Authorization', 'Bearer test-monitoring-token')
    expect(metrics.body).toEqual({ up: 1 })
    const signed = await request(app())
      .post('/api/signed')
      .set('Content-Type', 'application/json')
      .set('Authorization', 'x')
      .send('{"a": ')
    expect(signed.body.data).toBe(Buffer.from('{"a": ').toString('hex'))
    expect((await request(app()).post('/api/signed')).body.data).toBe('')
  })
})

describe('bad input', () => {
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
})

describe('routes that are not there', () => {
  test.each(['/', '/api', '/api/ITEMS', '/api/who/', '/API/who', '/api/unknown', '/api/../etc/passwd'])(
    '%s is 404',
    async path => {
      expectProblem(await request(app()).get(path), 404, 'not_found')
    },
  )

  test('another method is 404 too', async () => {
    expectProblem(await request(app()).delete('/api/who'), 404, 'not_found')
  })
})

describe('limits', () => {
  test('the fourth call of three is 429 and says when to come back', async () => {
    const limited = () => request(app({ RATE_LIMIT_FACTOR: 1 })).get('/api/limited')
    const answers = await Promise.all([limited(), limited(), limited(), limited()])
    const refused = answers.filter(answer => answer.status === 429)
    expect(refused).toHaveLength(1)
    expectProblem(refused[0]!, 429, 'rate_limited')
    expect(Number(refused[0]!.headers['retry-after'])).toBeGreaterThan(50)
    expect((await request(app()).get('/api/limited')).status).toBe(200)
  })

  test('behind one proxy the address is the one that the proxy saw', async () => {
    const call = (ip: string) =>
      request(app({ RATE_LIMIT_FACTOR: 1, TRUST_PROXY: 1 }))
        .get('/api/limited')
        .set('X-Forwarded-For', `6.6.6.6, ${ip}`)
    const statuses: number[] = []
    for (const ip of ['10.9.0.1', '10.9.0.1', '10.9.0.1', '10.9.0.1', '10.9.0.2'])
      statuses.push((await call(ip)).status)
    expect(statuses).toEqual([200, 200, 200, 429, 200])
  })
})

describe('failures of ours', () => {
  test('an unexpected error tells nothing', async () => {
    const answer = await request(app()).get('/api/fail?sql=select')
    expectProblem(answer, 500, 'internal')
    expect(answer.text).not.toContain('boom')
  })

  test.each([
    ['app', 409, 'taken'],
    ['22P02', 422, 'invalid_value'],
    ['57P03', 503, 'database_unavailable'],
  ])('an error %s becomes %i', async (sql, status, code) => {
    const answer = await request(app()).get(`/api/fail?sql=${sql}`)
    expectProblem(answer, status, code)
    expect(answer.headers['retry-after']).toBe(status === 503 ? '2' : undefined)
  })

  test('a database that hangs up is a 503', async () => {
    const hangingUp = createServer(socket => socket.end()).listen(0, '127.0.0.1')
    await once(hangingUp, 'listening')
    const deps = httpDeps(database)
    const url = `postgres://nobody@127.0.0.1:${(hangingUp.address() as AddressInfo).port}/none`
    const pool = createPool({ url, max: 1, name: 'dead', log: deps.log })
    const dead = createApp({ ...deps, db: createDb(pool) }, probeRoutes(seen))
    const answer = await request(dead).get('/api/limited')
    expectProblem(answer, 503, 'database_unavailable')
    expect(answer.headers['retry-after']).toBe('2')
    await pool.end()
    hangingUp.close()
  })
})

describe('connections', () => {
  let server: HttpServer
  let url: string
  beforeEach(async () => {
    server = await startHttpServer(app(), { port: 0, host: '127.0.0.1' })
    url = `http://127.0.0.1:${server.port}`
  })
  afterEach(() => server.stop(0))

  test('a stream that breaks half way is cut, not ended', async () => {
    await expect(fetch(`${url}/api/half`).then(answer => answer.text())).rejects.toThrow()
  })

  test('the signal of a call fires when its caller goes away', async () => {
    const leaving = new AbortController()
    const call = fetch(`${url}/api/wait`, { signal: leaving.signal }).catch(() => 'left')
    await until(() => seen.includes('waiting'))
    leaving.abort()
    expect(await call).toBe('left')
    await until(() => seen.includes('gone'))
  })

  test('a stopping server answers what is under way, and then nobody', async () => {
    const slow = fetch(`${url}/api/slow`)
    await until(() => seen.includes('slow'))
    const stopped = server.stop(10)
    await expect(fetch(`${url}/api/who`)).rejects.toThrow()
    seen.push('go on')
    const answer = await slow
    expect(answer.status).toBe(200)
    expect(answer.headers.get('connection')).toBe('close')
    await stopped
  })

  test('a stopping server cuts what does not end', async () => {
    const waiting = fetch(`${url}/api/wait`).then(
      () => 'answered',
      () => 'cut',
    )
    await until(() => seen.includes('waiting'))
    await server.stop(0.1)
    expect(await waiting).toBe('cut')
  })

  test('a taken port is an error that names it', async () => {
    const { port } = server
    const second = startHttpServer(app(), { port, host: '127.0.0.1' })
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE', port })
  })
})

describe('CORS', () => {
  const listed = { CORS_ORIGINS: 'https://shop.example, https://ops.example' }

  test('a listed origin may call with credentials and ask before', async () => {
    const answer = await request(app(listed)).get('/api/who').set('Origin', 'https://ops.example')
    expect(answer.headers['access-control-allow-origin']).toBe('https://ops.example')
    expect(answer.headers['access-control-allow-credentials']).toBe('true')
    const preflight = await request(app(listed))
      .options('/api/items')
      .set({ Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST' })
    expect(preflight.status).toBe(204)
    expect(preflight.headers['access-control-allow-headers']).toContain('Idempotency-Key')
  })

  test.each(['https://evil.example', 'https://ops.example.evil.example', 'http://ops.example', 'null'])(
    '%s gets nothing',
    async origin => {
      const answer = await request(app(listed)).get('/api/who').set('Origin', origin)
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
      expect(
        (await request(app()).get('/api/who').set('Origin', origin)).headers['access-control-allow-origin'],
      ).toBeUndefined()
    },
  )
})
