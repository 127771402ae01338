import { findOrCreateGuest } from '../identity/index.ts'
import { systemActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { databaseNow, inTransaction, type Tx } from '../platform/tx.ts'
import { startWhatsApp } from '../simulators/whatsapp.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { drain } from '../testing/drain.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { type NotifyDeps, queueNotifications, sendWhatsappHandler } from './index.ts'

const HOUR = 3_600

let database: TestDatabase
let clock: Awaited<ReturnType<typeof testClock>>
let whatsapp: Awaited<ReturnType<typeof startWhatsApp>>
/** Four worker processes. */
let workers: Awaited<ReturnType<typeof testRuntime>>[]

beforeAll(async () => {
  database = await testDatabase()
  clock = await testClock(database)
  whatsapp = await startWhatsApp()
  const deps: NotifyDeps = {
    config: {
      APP_TIMEZONE: 'Asia/Jakarta',
      PUBLIC_URL: 'https://antre.test',
      WHATSAPP_BASE_URL: whatsapp.url,
      WHATSAPP_PHONE_NUMBER_ID: '10987',
      WHATSAPP_TOKEN: '',
    },
    templates: new Map([['hello', { event: 'hello', render: async (_db, row) => `n=${row.data.n}` }]]),
  }
  workers = []
  for (let n = 0; n < 4; n++) workers.push(await testRuntime(database, [sendWhatsappHandler], { deps }))
})
afterAll(async () => {
  for (const worker of workers ?? []) await worker.close()
  await whatsapp?.close()
  await database?.close()
})

const act = <T>(fn: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(workers[0]!, systemActor('test'), fn)
const drainAll = () => Promise.all(workers.map(worker => drain(worker)))

/** Moves the clock to this hour of the next day in Jakarta (UTC+7). */
async function untilTomorrow(hour: number): Promise<void> {
  const local = (await databaseNow(database.db)).getTime() / 1000 + 7 * HOUR
  await clock.advance(24 * HOUR - (local % (24 * HOUR)) + hour * HOUR)
}

async function guest(phone: string): Promise<string> {
  return (await act(tx => findOrCreateGuest(tx, 'a-key-for-contacts', { phone, name: 'Sari' }))).id
}
function tell(guestId: string, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, n) => from + n)
  const recipient = { type: 'guest' as const, id: guestId }
  return act(tx =>
    queueNotifications(
      tx,
      numbers.map(n => ({ orderId: newId(), recipient, event: 'hello', occasion: newId(), data: { n } })),
    ),
  )
}
async function numbersIn(guestId: string, status: string): Promise<number[]> {
  const { rows } = await database.pool.query(
    `select (data ->> 'n')::int as n from notifications where recipient_id = $1 and status = $2 order by 1`,
    [guestId, status],
  )
  return rows.map(row => row.n)
}

test('of eight messages in a day to one phone four workers send the first five, the rest the next day at 08:00', async () => {
  await untilTomorrow(12)
  const [busy, other] = [await guest('+6281300000001'), await guest('+6281300000002')]
  await tell(busy, 1, 8)
  await tell(other, 1, 1)
  await drainAll()
  expect(await numbersIn(busy, 'sent')).toEqual([1, 2, 3, 4, 5])
  expect(await numbersIn(busy, 'delayed')).toEqual([6, 7, 8])
  expect(await numbersIn(other, 'sent')).toEqual([1])
  const { rows } = await database.pool.query(
    `select distinct to_char(not_before at time zone 'Asia/Jakarta', 'HH24:MI') as at from notifications where status = 'delayed'`,
  )
  expect(rows).toEqual([{ at: '08:00' }])

  await untilTomorrow(7)
  await drainAll()
  expect(await numbersIn(busy, 'delayed')).toEqual([6, 7, 8])
  await clock.advance(HOUR + 60)
  await drainAll()
  expect(await numbersIn(busy, 'sent')).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
})

test('what was delayed goes before what is new, day by day, and nothing is dropped', async () => {
  await untilTomorrow(12)
  const id = await guest('+6281300000003')
  await tell(id, 1, 9)
  await drainAll()
  await untilTomorrow(1)
  await tell(id, 10, 12)
  await drainAll()
  // Four wait for 08:00, so one of the three new ones may go before them.
  expect(await numbersIn(id, 'sent')).toEqual([1, 2, 3, 4, 5, 10])
  await clock.advance(8 * HOUR)
  await drainAll()
  expect(await numbersIn(id, 'sent')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  await untilTomorrow(9)
  await drainAll()
  expect(await numbersIn(id, 'sent')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
})

test('no phone gets a sixth message on a day however many are raced', async () => {
  await untilTomorrow(12)
  const id = await guest('+6281300000004')
  await Promise.all(Array.from({ length: 20 }, (_, n) => tell(id, n, n)))
  await drainAll()
  expect(await numbersIn(id, 'sent')).toHaveLength(5)
  const { rows } = await database.pool.query('select max(sent) as most from notification_quota')
  expect(rows[0].most).toBe(5)
})
