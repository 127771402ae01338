import { Redis } from 'ioredis'
import pg from 'pg'
import { pino } from 'pino'
import { newId } from '../platform/ids.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { until } from '../testing/until.ts'
import { createHot, type Hot } from './index.ts'

const log = pino({ level: 'silent' })
const redisUrl = process.env.TEST_REDIS_URL
const modes = [
  { mode: 'by Postgres', url: undefined, run: describe },
  {
    mode: `by Redis (${redisUrl ?? 'no server here: skipped'})`,
    url: redisUrl,
    run: redisUrl ? describe : describe.skip,
  },
]

const entryOf = (orderId: string, version: number) => ({
  orderId,
  flow: 'jastip',
  status: 'accepted',
  version,
  closed: false,
  ownerId: null,
  customerRef: null,
  updatedAt: new Date(),
})

for (const { mode, url, run } of modes) {
  run(`live updates ${mode}`, () => {
    let database: TestDatabase
    let watching: Hot
    let writing: Hot

    beforeEach(async () => {
      database = await testDatabase()
      const open = () =>
        createHot({ redisUrl: url, databaseUrl: database.url, db: database.db, pool: database.pool, log })
      watching = await open()
      writing = await open()
    })

    afterEach(async () => {
      await watching.close()
      await writing.close()
      await database.close()
    })

    /** Watches an order until `stop`; `heard` holds the versions told. */
    function watch(orderId: string) {
      const heard: (number | null)[] = []
      return { heard, stop: watching.subscribe(orderId, version => heard.push(version)) }
    }

    it('reach every watcher of the order in another process, and nobody else', async () => {
      const [mine, theirs] = [newId(), newId()]
      const [one, two, stranger] = [watch(mine), watch(mine), watch(theirs)]
      // Told once that it is heard now: from here on nothing is missed.
      await until(() => [one, two, stranger].every(({ heard }) => heard.includes(null)))
      await writing.writeStatuses([entryOf(mine, 4)])
      await until(() => one.heard.includes(4) && two.heard.includes(4))
      expect(stranger.heard).not.toContain(4)
    })

    it('stop for a watcher that left and go on for the one that stayed', async () => {
      const orderId = newId()
      const [leaving, staying] = [watch(orderId), watch(orderId)]
      await until(() => staying.heard.length > 0)
      leaving.stop()
      leaving.stop()
      await writing.writeStatuses([entryOf(orderId, 5)])
      await until(() => staying.heard.includes(5))
      expect(leaving.heard).not.toContain(5)
    })

    it('come again for an order that is watched anew', async () => {
      const orderId = newId()
      const first = watch(orderId)
      await until(() => first.heard.length > 0)
      first.stop()
      const second = watch(orderId)
      await writeUntilHeard(orderId, second.heard)
      expect(first.heard.filter(version => version !== null)).toEqual([])
    })

    it('use one connection per process and channel, however many watch', async () => {
      const watched = Array.from({ length: 300 }, () => watch(newId()))
      await until(() => watched.every(({ heard }) => heard.length > 0))
      const { rows } = await database.pool.query(
        "select pid from pg_stat_activity where datname = current_database() and application_name = 'antre-listen antre_orders'",
      )
      expect(rows).toHaveLength(1)
      if (url) expect(await subscriberConnections(url, watched.length)).toBe(1)
    })

    it('are found again after the listening backend was killed', async () => {
      const orderId = newId()
      const { heard } = watch(orderId)
      await until(() => heard.length > 0)
      const admin = new pg.Client({ connectionString: database.url })
      await admin.connect()
      await admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'antre-listen antre_orders'",
      )
      await admin.end()
      await writeUntilHeard(orderId, heard)
    })

    it('survive a notification that is not ours', async () => {
      const orderId = newId()
      const { heard } = watch(orderId)
      await until(() => heard.length > 0)
      for (const payload of ['', 'nonsense', '{"a":1}', '[[1,2]]']) {
        await database.pool.query("select pg_notify('antre_orders', $1)", [payload])
      }
      await writeUntilHeard(orderId, heard)
    })

    async function writeUntilHeard(orderId: string, heard: (number | null)[]): Promise<void> {
      let version = 10
      await until(async () => {
        version += 1
        await writing.writeStatuses([entryOf(orderId, version)])
        return heard.some(told => told !== null && told > 10)
      })
    }
  })
}

async function subscriberConnections(url: string, channels: number): Promise<number> {
  const redis = new Redis(url)
  const list = String(await redis.client('LIST'))
  redis.disconnect()
  return list.split('\n').filter(line => line.includes(`sub=${channels} `)).length
}
