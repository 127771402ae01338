import { systemActor } from '../platform/actor.ts'
import { newId, sha256Hex } from '../platform/ids.ts'
import { inTransaction, type Tx } from '../platform/tx.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { testRuntime } from '../testing/job-runtime.ts'
import { bindReference, findReference, type PaymentReference, recordWebhook } from './index.ts'

let database: TestDatabase
let rt: Awaited<ReturnType<typeof testRuntime>>

beforeAll(async () => {
  database = await testDatabase()
  rt = await testRuntime(database, [])
})
afterAll(async () => {
  await rt?.close()
  await database?.close()
})

const act = <T>(fn: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(rt, systemActor('test'), fn)
const payment = (reference: string): PaymentReference => ({
  scope: 'jastip:gateway',
  reference,
  orderId: newId(),
  paymentId: newId(),
  kind: 'dp',
})

test('a payment id belongs to whoever binds it first; later ones learn who that is', async () => {
  const first = payment('pay_1')
  expect(await act(tx => bindReference(tx, first))).toBe('new')
  const { orderId, paymentId, kind } = first
  expect(await act(tx => bindReference(tx, payment('pay_1')))).toMatchObject({ orderId, paymentId, kind })
  expect(await findReference(database.db, first)).toMatchObject({ orderId })
})

test('the same id in another scope is another payment', async () => {
  await act(tx => bindReference(tx, payment('pay_2')))
  expect(await act(tx => bindReference(tx, { ...payment('pay_2'), scope: 'factory:upi' }))).toBe('new')
  expect(await findReference(database.db, { scope: 'retail:gateway', reference: 'pay_2' })).toBeUndefined()
})

test('of 20 parallel bindings one is new and 19 see it', async () => {
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => act(tx => bindReference(tx, payment('pay_3')))))
  expect(outcomes.filter(outcome => outcome === 'new')).toHaveLength(1)
  const others = outcomes.flatMap(outcome => (outcome === 'new' ? [] : [outcome.paymentId]))
  expect(others).toHaveLength(19)
  expect(new Set(others).size).toBe(1)
})

test('a binding that rolls back leaves the id free', async () => {
  const lost = act(async tx => {
    await bindReference(tx, payment('pay_4'))
    throw new Error('refused')
  })
  await expect(lost).rejects.toThrow('refused')
  expect(await act(tx => bindReference(tx, payment('pay_4')))).toBe('new')
})

test('a webhook leaves a line with its outcome and the hash of its body', async () => {
  const event = { scope: 'jastip:gateway', reference: 'pay_5', orderId: null, amount: '84199.00' }
  await act(tx => recordWebhook(tx, { ...event, outcome: 'amount_mismatch', rawBody: Buffer.from('{}') }))
  const { rows } = await database.pool.query(`select * from webhook_events where reference = 'pay_5'`)
  expect(rows).toEqual([
    expect.objectContaining({
      order_id: null,
      amount: '84199.00',
      outcome: 'amount_mismatch',
      body_hash: sha256Hex('{}'),
    }),
  ])
})
