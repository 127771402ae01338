import { findOrCreateGuest } from '../identity/index.ts'
import { systemActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction, type Tx } from '../platform/tx.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { type NewNotification, queueNotifications, type Recipient, sendWhatsappHandler } from './index.ts'

let database: TestDatabase
let rt: Awaited<ReturnType<typeof testRuntime>>

beforeAll(async () => {
  database = await testDatabase()
  rt = await testRuntime(database, [sendWhatsappHandler])
})
afterAll(async () => {
  await rt?.close()
  await database?.close()
})

const act = <T>(fn: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(rt, systemActor('test'), fn)
const guest = (phone: string, language: 'id' | 'en' = 'id') =>
  act(tx => findOrCreateGuest(tx, 'a-key-for-contacts', { phone, name: 'Sari', language }))

async function user(whatsappNumber: string | null): Promise<string> {
  const id = newId()
  await database.pool.query(
    `insert into users (id, email, password_hash, full_name, role, whatsapp_number, created_at, updated_at)
     values ($1::uuid, $1::text || '@antre.test', 'none', 'Ayu', 'jastiper', $2, now(), now())`,
    [id, whatsappNumber],
  )
  return id
}

const rows = async (recipientId: string) =>
  (await database.pool.query('select * from notifications where recipient_id = $1 order by id', [recipientId])).rows
const jobs = async (recipientId: string) =>
  (
    await database.pool.query(
      `select 1 from pgboss.job join notifications n on n.id::text = job.data ->> 'notificationId' where recipient_id = $1`,
      [recipientId],
    )
  ).rows
const inbox = async (userId: string) =>
  (await database.pool.query('select event, data, order_id from notify_inbox where user_id = $1', [userId])).rows

function message(recipient: Recipient, change: Partial<NewNotification> = {}): NewNotification {
  const orderId = newId()
  return { orderId, recipient, event: 'order_created', occasion: `${orderId}:1`, data: { dp: '84200.00' }, ...change }
}

test("a guest gets one queued row in the guest's language, and one job", async () => {
  const { id } = await guest('+6281200000001', 'en')
  await act(tx => queueNotifications(tx, [message({ type: 'guest', id })]))
  expect(await rows(id)).toEqual([
    expect.objectContaining({
      status: 'queued',
      language: 'en',
      channel: 'whatsapp',
      data: { dp: '84200.00' },
      error: null,
    }),
  ])
  expect(await jobs(id)).toHaveLength(1)
})

test('the same event of the same occasion is told once, in one call or in two', async () => {
  const { id } = await guest('+6281200000002')
  const once = message({ type: 'guest', id })
  await act(tx => queueNotifications(tx, [once, once]))
  await act(tx =>
    queueNotifications(tx, [once, { ...once, occasion: `${once.orderId}:2` }, { ...once, event: 'paid' }]),
  )
  expect(await rows(id)).toHaveLength(3)
  expect(await jobs(id)).toHaveLength(3)
})

test('whoever turned WhatsApp off, or has no number, gets a suppressed row and no job', async () => {
  const { id } = await guest('+6281200000003')
  await database.pool.query('update guests set notify_whatsapp = false where id = $1', [id])
  const silent = await user(null)
  await act(tx => queueNotifications(tx, [message({ type: 'guest', id }), message({ type: 'user', id: silent })]))
  expect(await rows(id)).toEqual([expect.objectContaining({ status: 'suppressed', error: 'channel_off' })])
  expect(await rows(silent)).toEqual([expect.objectContaining({ status: 'suppressed', error: 'no_address' })])
  expect([await jobs(id), await jobs(silent)]).toEqual([[], []])
})

test('users find the message in their inbox as well, once, and guests have none', async () => {
  const [id, { id: guestId }] = [await user('+6281200000004'), await guest('+6281200000005')]
  const once = message({ type: 'user', id }, { event: 'dp_received' })
  await act(tx => queueNotifications(tx, [once, message({ type: 'guest', id: guestId })]))
  await act(tx => queueNotifications(tx, [once]))
  expect(await inbox(id)).toEqual([{ event: 'dp_received', data: { dp: '84200.00' }, order_id: once.orderId }])
  expect(await jobs(id)).toHaveLength(1)
  expect(await inbox(guestId)).toEqual([])
})

test('nothing is told when the transaction rolls back', async () => {
  const { id } = await guest('+6281200000006')
  const lost = act(async tx => {
    await queueNotifications(tx, [message({ type: 'guest', id })])
    throw new Error('refused')
  })
  await expect(lost).rejects.toThrow('refused')
  expect([await rows(id), await jobs(id)]).toEqual([[], []])
})

test('500 messages take one statement and one enqueue', async () => {
  const { id } = await guest('+6281200000007')
  const counted = { statements: 0, enqueues: 0 }
  await act(async tx => {
    const db = tx.db.withPlugin({
      transformQuery: args => {
        counted.statements++
        return args.node
      },
      transformResult: async args => args.result,
    })
    const enqueue: Tx['enqueue'] = async (job, payloads, options) => {
      counted.enqueues++
      await tx.enqueue(job, payloads, options)
    }
    await queueNotifications(
      { ...tx, db: db as Tx['db'], enqueue },
      Array.from({ length: 500 }, () => message({ type: 'guest', id })),
    )
  })
  expect(counted).toEqual({ statements: 1, enqueues: 1 })
  expect(await jobs(id)).toHaveLength(500)
})
