import fc from 'fast-check'
import { pino } from 'pino'
import { newId } from '../platform/ids.ts'
import { listen } from '../platform/listen.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { createAnnouncer, ORDERS_CHANNEL, parsePayload, toPayloads } from './announce.ts'

const log = pino({ level: 'silent' })

describe('announcements by NOTIFY', () => {
  it('cuts any set of orders into payloads that Postgres takes, and loses none', () => {
    const set = fc.uniqueArray(fc.tuple(fc.uuid(), fc.integer({ min: 1, max: 2 ** 31 - 1 })), {
      selector: ([id]) => id,
      maxLength: 600,
    })
    fc.assert(
      fc.property(set, moved => {
        const payloads = toPayloads(new Map(moved))
        for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(8_000)
        expect(payloads.flatMap(parsePayload)).toEqual(moved)
      }),
      { numRuns: 50 },
    )
  })

  describe('on a database', () => {
    let database: TestDatabase

    beforeAll(async () => {
      database = await testDatabase()
    })

    afterAll(() => database.close())

    it('reach a listener, 1,000 orders in few notifications and with the highest version of each', async () => {
      const heard = new Map<string, number>()
      let notifications = 0
      const listener = listen(
        database.url,
        ORDERS_CHANNEL,
        payload => {
          notifications += 1
          for (const [id, version] of parsePayload(payload)) heard.set(id, version)
        },
        { log },
      )
      await listener.ready
      const { announce } = createAnnouncer(database.pool, log)
      const ids = Array.from({ length: 1_000 }, () => newId())
      // The first one is under way while the others come: those wait and go together.
      const all = [announce([{ orderId: ids[0]!, version: 1 }])]
      for (const version of [3, 2, 1]) all.push(announce(ids.map(orderId => ({ orderId, version }))))
      await Promise.all(all)
      const end = performance.now() + 10_000
      while (heard.size < 1_000 && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 5))
      expect([...heard.values()].every(version => version === 3)).toBe(true)
      expect(heard.size).toBe(1_000)
      expect(notifications).toBeLessThanOrEqual(10)
      await listener.close()
    })

    it('fail silently when the database is away', async () => {
      const gone = await testDatabase()
      await gone.close()
      await createAnnouncer(gone.pool, log).announce([{ orderId: newId(), version: 1 }])
    })
  })
})
