import request from 'supertest'
import { createApp } from '../app.ts'
import { publicActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { inTransaction, type Tx } from '../platform/tx.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { httpDeps } from '../testing/http-deps.ts'
import { makeLink, makeUser } from '../testing/people.ts'
import { probeRoutes } from '../testing/probe-routes.ts'
import { identityRoutes, issueGuestToken, revokeGuestTokens, useGuestToken } from './index.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const deps = (config = {}) => httpDeps(database, config)
const post = (path: string, body: object, config = {}) =>
  request(createApp(deps(config), identityRoutes))
    .post(`/api/upload/${path}`)
    .send(body)
const validate = async (token: string) => (await post('validate', { token })).body
const verify = async (token: string, challengeResponse: string) =>
  (await post('verify', { token, challengeResponse })).body
const within = <T>(fn: (tx: Tx) => Promise<T>) => inTransaction(deps(), publicActor, fn)
const tokensOf = (orderId: string) =>
  database.db.selectFrom('guest_access_tokens').selectAll().where('order_id', '=', orderId).execute()
const wrong = (last4: string) => (last4 === '0000' ? '1111' : '0000')

test('a link says which challenge it asks for and whose shop it is', async () => {
  const seller = await makeUser(deps(), { slug: 'toko-sari' })
  const { token } = await makeLink(deps(), { sellerId: seller.id })
  expect(await validate(token)).toEqual({
    success: true,
    data: { valid: true, challenge: 'LAST4', jastiperSlug: 'toko-sari' },
  })
})

test('the last four digits give a pass for the order, as often as they are right', async () => {
  const { token, last4, orderId, guestId } = await makeLink(deps())
  for (let n = 0; n < 6; n++) {
    const { data } = await verify(token, last4)
    expect(data).toEqual({ pass: expect.any(String), orderId, expiresAt: expect.any(String) })
    expect((Date.parse(data.expiresAt) - Date.now()) / 60_000).toBeCloseTo(30, 0)
    const who = await request(createApp(deps(), probeRoutes([])))
      .get('/api/who')
      .set('Authorization', `Bearer ${data.pass}`)
    expect(who.body.data).toMatchObject({ kind: 'pass', orderId, guestId, readOnly: false })
  }
})

test('jastip 21: five wrong answers in parallel count five and revoke', async () => {
  const { token, last4, orderId } = await makeLink(deps())
  const answers = await Promise.all(Array.from({ length: 5 }, () => verify(token, wrong(last4))))
  for (const answer of answers) expect(answer).toMatchObject({ status: 401, code: 'challenge_failed' })
  expect(answers.map(answer => answer.attemptsLeft).sort()).toEqual([0, 1, 2, 3, 4])
  expect((await tokensOf(orderId))[0]).toMatchObject({ attempts: 5, revoked_at: expect.any(Date) })
  expect(await verify(token, last4)).toMatchObject({ status: 401, code: 'token_revoked' })
  expect(await validate(token)).toMatchObject({ status: 401, code: 'token_revoked' })
})

test('of thirty guesses at once no more than five are compared', async () => {
  const { token, last4 } = await makeLink(deps())
  const answers = await Promise.all(Array.from({ length: 30 }, () => verify(token, wrong(last4))))
  expect(answers.filter(answer => answer.code === 'challenge_failed')).toHaveLength(5)
  expect(answers.filter(answer => answer.code === 'token_revoked')).toHaveLength(25)
})

test('a right answer does not forget the wrong ones before it', async () => {
  const { token, last4 } = await makeLink(deps())
  for (let n = 0; n < 4; n++) await verify(token, wrong(last4))
  expect((await verify(token, last4)).success).toBe(true)
  expect(await verify(token, wrong(last4))).toMatchObject({ code: 'challenge_failed', attemptsLeft: 0 })
  expect(await verify(token, last4)).toMatchObject({ code: 'token_revoked' })
})

test('the sixth call of a minute is 429, per address and per token', async () => {
  const strict = { RATE_LIMIT_FACTOR: 1, TRUST_PROXY: 1 }
  const { token, last4 } = await makeLink(deps())
  const from = (ip: string, link: string) =>
    post('verify', { token: link, challengeResponse: last4 }, strict).set('X-Forwarded-For', ip)
  const statuses = []
  for (let n = 0; n < 6; n++) statuses.push((await from(`10.1.0.${n}`, token)).status)
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
  const codes = []
  for (let n = 0; n < 6; n++) codes.push((await from('10.2.0.1', `unknown-${n}`)).body.code)
  expect(codes).toEqual([...Array(5).fill('token_invalid'), 'rate_limited'])
})

test('jastip 21: a link lives seven days', async () => {
  const { token } = await makeLink(deps())
  const aged = await testDatabase()
  const clock = await testClock(aged)
  const link = await makeLink(httpDeps(aged))
  const check = async () =>
    (
      await request(createApp(httpDeps(aged), identityRoutes))
        .post('/api/upload/validate')
        .send({ token: link.token })
    ).body
  await clock.advance(7 * 86_400 - 5)
  expect((await check()).success).toBe(true)
  await clock.advance(6)
  expect(await check()).toMatchObject({ status: 401, code: 'token_expired' })
  await aged.close()
  expect((await validate(token)).success).toBe(true)
})

test('jastip 18: a newer link of the order revokes the older one, and only it', async () => {
  const { token, orderId, guestId } = await makeLink(deps())
  const other = await makeLink(deps())
  const link = { orderId, guestId, sellerId: newId() }
  const forMessage = await within(tx => issueGuestToken(tx, { ...link, purpose: 'order' }))
  expect((await validate(token)).success).toBe(true)
  const newer = await within(tx => issueGuestToken(tx, { ...link, purpose: 'checkout' }))
  expect(await validate(token)).toMatchObject({ status: 401, code: 'token_revoked' })
  for (const open of [newer, forMessage, other.token]) expect((await validate(open)).success).toBe(true)
})

test('of ten links issued at once one is open', async () => {
  const { orderId, guestId } = await makeLink(deps())
  const link = { orderId, guestId, sellerId: newId(), purpose: 'order' } as const
  const tokens = await Promise.all(Array.from({ length: 10 }, () => within(tx => issueGuestToken(tx, link))))
  const answers = await Promise.all(tokens.map(validate))
  expect(answers.filter(answer => answer.success)).toHaveLength(1)
})

test('a token is used up by one action, also of two at once', async () => {
  const { token, last4, orderId } = await makeLink(deps())
  const [row] = await tokensOf(orderId)
  const uses = await Promise.allSettled([1, 2, 3].map(() => within(tx => useGuestToken(tx, row!.id))))
  expect(uses.filter(use => use.status === 'fulfilled')).toHaveLength(1)
  expect(uses.find(use => use.status === 'rejected')).toMatchObject({ reason: { status: 401, code: 'token_used' } })
  expect(await validate(token)).toMatchObject({ status: 401, code: 'token_used' })
  expect(await verify(token, last4)).toMatchObject({ status: 401, code: 'token_used' })
})

test('an action that fails leaves the token unused', async () => {
  const { token, orderId } = await makeLink(deps())
  const [row] = await tokensOf(orderId)
  const failing = within(async tx => {
    await useGuestToken(tx, row!.id)
    throw new Error('the upload failed')
  })
  await expect(failing).rejects.toThrow('the upload failed')
  expect((await validate(token)).success).toBe(true)
})

test('closing orders ends their unused links in one go; a pass that is out still acts', async () => {
  const [first, second, other] = [await makeLink(deps()), await makeLink(deps()), await makeLink(deps())]
  await within(tx => revokeGuestTokens(tx, [first.orderId, second.orderId]))
  expect(await validate(first.token)).toMatchObject({ code: 'token_revoked' })
  expect(await validate(second.token)).toMatchObject({ code: 'token_revoked' })
  expect((await validate(other.token)).success).toBe(true)
  const [row] = await tokensOf(first.orderId)
  await within(tx => useGuestToken(tx, row!.id))
  await within(tx => revokeGuestTokens(tx, []))
})

test.each(['', 'x'.repeat(201), 'nonsense', `' or 1=1 --`, 'A'.repeat(43)])('%s opens nothing', async token => {
  const status = token === '' || token.length > 200 ? 422 : 401
  expect(await validate(token)).toMatchObject({ status })
  expect(await verify(token, '1234')).toMatchObject({ status })
})

test('an answer that is not four digits costs no attempt', async () => {
  const { token, orderId } = await makeLink(deps())
  for (const answer of ['', '12345', 'abcd']) expect(await verify(token, answer)).toMatchObject({ status: 422 })
  expect((await tokensOf(orderId))[0]).toMatchObject({ attempts: 0 })
})

test('jastip 21: the token is stored nowhere in clear', async () => {
  const { token, orderId } = await makeLink(deps())
  expect(JSON.stringify(await tokensOf(orderId))).not.toContain(token)
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
})
