import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import request from 'supertest'
import { createApp } from './app.ts'
import { createDb, createPool } from './platform/db.ts'
import { type HttpServer, startHttpServer } from './platform/http-server.ts'
import { newId } from './platform/ids.ts'
import { type TestDatabase, testDatabase } from './testing/database.ts'
import { expectProblem } from './testing/expect-problem.ts'
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
