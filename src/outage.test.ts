import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from './app.ts'
import { buildDeps, type Deps } from './deps.ts'
import { type EmbeddedRedis, startRedis } from './embedded/index.ts'
import { startWorker, type Worker } from './jobs/index.ts'
import { handlers, routes, seeds } from './registry.ts'
import { type TestDatabase, testDatabase } from './testing/database.ts'
import { testConfig } from './testing/http-deps.ts'
import { until } from './testing/until.ts'

let dir: string
let redis: EmbeddedRedis | null
let database: TestDatabase
let deps: Deps
let server: Server
let worker: Worker
let url: string

/** The whole of Antre in one process, as api.ts and worker.ts build it. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'antre-outage-'))
  redis = await startRedis({ dir, guard: { delaySeconds: 0 } })
  database = await testDatabase()
  const stores = redis ? { REDIS_URL: redis.url } : {}
  deps = await buildDeps(
    testConfig(database.url, { ...stores, LOG_LEVEL: 'silent', DEMO: true, FILES_DIR: dir }),
    'test',
  )
  for (const seed of seeds) await seed(deps)
  server = createServer(createApp(deps, routes)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  worker = startWorker(deps, handlers, database.url)
}, 60_000)

afterAll(async () => {
  await worker.stop(5)
  server.closeAllConnections()
  server.close()
  await deps.close()
  await database.close()
  await redis?.stop()
  await rm(dir, { recursive: true, force: true })
})

/** The fields that this test reads, each where the answer has it. */
type Answer = { id: string; orderId: string; accessToken: string; status: string }

async function call(method: string, path: string, body?: object, token?: string) {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) }
  const response = await fetch(url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  const { data } = (await response.json()) as { data: Answer }
  return { status: response.status, data }
}

async function openTrip(token: string): Promise<{ tripId: string; productId: string }> {
  const trip = await call(
    'POST',
    '/api/trips',
    { title: 'Outage', demoDeadlines: { dpSeconds: 1, validationSeconds: 60 } },
    token,
  )
  const product = await call(
    'POST',
    '/api/products',
    { tripId: trip.data.id, title: 'Queueing', price: 50_000, type: 'tasks' },
    token,
  )
  return { tripId: trip.data.id ?? '', productId: product.data.id ?? '' }
}

test('Redis stopped and started again while buyers check out and owners look: no request fails, every status is right', async () => {
  process.stdout.write(
    `outage: ${redis ? `Redis at ${redis.url} stops in the middle` : 'no redis-server here, all of it without'}\n`,
  )
  const login = await call('POST', '/api/auth/login', { email: 'jastiper@demo.antre', password: 'demo-password-1' })
  const token = login.data.accessToken ?? ''
  const { tripId, productId } = await openTrip(token)
  const statuses: number[] = []
  const orders: string[] = []

  async function buy(n: number): Promise<void> {
    if (n === 40) await redis?.stop()
    if (n === 80) await redis?.restart()
    const made = await call('POST', '/api/checkout/dp', {
      tripId,
      participantPhone: `+62812${10_000_000 + n}`,
      participantName: `Buyer ${n}`,
      items: [{ productId, quantity: 1 }],
    })
    statuses.push(made.status)
    orders.push(made.data?.orderId ?? 'none')
    for (const path of [
      `/api/orders/${made.data?.orderId}/status`,
      '/api/orders?flow=jastip&limit=5',
      `/api/orders/${orders[0]}/status`,
    ]) {
      statuses.push((await call('GET', path, undefined, token)).status)
    }
  }

  const buyers = Array.from({ length: 4 }, async (_, lane) => {
    for (let n = lane; n < 120; n += 4) await buy(n)
  })
  await Promise.all(buyers)
  expect(statuses.filter(status => status !== 200 && status !== 201)).toEqual([])
  expect(orders).toHaveLength(120)

  // The down payments are overdue after a second: the jobs run through the outage as well.
  await deps.pool.query(`update orders set deadline_at = deadline_at - interval '1 hour'`)
  await deps.boss.insert('orders.sweep-deadlines', [{ data: {} }])
  await until(
    async () => (await deps.pool.query(`select 1 from orders where status <> 'cancelled'`)).rows.length === 0,
    30_000,
  )
  for (const id of orders) {
    await until(
      async () => (await call('GET', `/api/orders/${id}/status`, undefined, token)).data.status === 'cancelled',
      30_000,
    )
  }
}, 120_000)
