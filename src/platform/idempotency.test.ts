import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { httpDeps } from '../testing/http-deps.ts'
import { publicActor } from './actor.ts'
import { canonicalJson, claimIdempotencyKey, idempotencyScope } from './idempotency.ts'
import { newId } from './ids.ts'
import { inTransaction } from './tx.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const call = { scope: 'user:1', route: 'POST /things', body: { a: 1, b: 2 } }

/** A command that creates something once per key; `fail` breaks it after the claim. */
async function create(
  key: string | undefined,
  body: unknown = call.body,
  fail = false,
): Promise<{ id: string; isReplay: boolean }> {
  return await inTransaction(httpDeps(database), publicActor, async tx => {
    const claim = await claimIdempotencyKey(tx, { ...call, key, body })
    if (claim.replayOf !== undefined) return { id: claim.replayOf, isReplay: true }
    const id = newId()
    await claim.store(id, 201)
    if (fail) throw new Error('broken after the claim')
    return { id, isReplay: false }
  })
}

test('parallel twins wait for the first and answer the same', async () => {
  const answers = await Promise.all(Array.from({ length: 15 }, () => create('twins-twins-twins')))
  expect(new Set(answers.map(answer => answer.id)).size).toBe(1)
  expect(answers.filter(answer => !answer.isReplay)).toHaveLength(1)
})

test('a failed call keeps nothing: the next one is the first', async () => {
  await expect(create('failing-failing-1', call.body, true)).rejects.toThrow('broken')
  expect((await create('failing-failing-1')).isReplay).toBe(false)
})

test('another body under the same key is a conflict, the same fields in another order are not', async () => {
  const { id } = await create('bodies-bodies-bodies')
  expect(await create('bodies-bodies-bodies', { b: 2, a: 1 })).toEqual({ id, isReplay: true })
  await expect(create('bodies-bodies-bodies', { a: 1, b: 3 })).rejects.toMatchObject({
    status: 409,
    code: 'idempotency_conflict',
  })
})

test('after 24 hours a key may be used again', async () => {
  const clock = await testClock(database)
  const { id } = await create('aged-aged-aged-aged')
  await clock.advance(23 * 3600)
  expect((await create('aged-aged-aged-aged')).id).toBe(id)
  await clock.advance(3601)
  const again = await create('aged-aged-aged-aged', { a: 9 })
  expect(again.isReplay).toBe(false)
})

test('without a key every call is the first', async () => {
  expect((await create(undefined)).isReplay).toBe(false)
  expect((await create(undefined)).isReplay).toBe(false)
})

test('keys belong to the user, to the pass of an order, or to an equal body of the public', () => {
  expect(idempotencyScope({ kind: 'user', id: 'u', role: 'admin' }, {})).toBe('user:u')
  const pass = { kind: 'pass', orderId: 'o', guestId: 'g', tokenId: 't', readOnly: false } as const
  expect(idempotencyScope(pass, {})).toBe('pass:o:g')
  expect(idempotencyScope(publicActor, { a: 1, b: 2 })).toBe(idempotencyScope(publicActor, { b: 2, a: 1 }))
  expect(idempotencyScope(publicActor, { a: 1 })).not.toBe(idempotencyScope(publicActor, { a: 2 }))
})

test('canonical JSON sorts the keys of every level and keeps the order of lists', () => {
  expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}')
})
