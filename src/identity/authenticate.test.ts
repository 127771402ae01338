import { SignJWT } from 'jose'
import request from 'supertest'
import { createApp } from '../app.ts'
import { newId } from '../platform/ids.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { httpDeps } from '../testing/http-deps.ts'
import { makeLink, makeUser } from '../testing/people.ts'
import { probeRoutes } from '../testing/probe-routes.ts'
import { signAccessToken, signPass } from './signed-token.ts'

let database: TestDatabase
let clock: Awaited<ReturnType<typeof testClock>>
beforeAll(async () => {
  database = await testDatabase()
  clock = await testClock(database)
})
afterAll(() => database.close())

const deps = () => httpDeps(database)
const now = async (): Promise<Date> => (await database.pool.query('select pgboss.job_now() as now')).rows[0].now
const get = (path: string, bearer?: string) => {
  const call = request(createApp(deps(), probeRoutes([]))).get(path)
  return bearer === undefined ? call : call.set('Authorization', `Bearer ${bearer}`)
}
const who = async (bearer?: string) => (await get('/api/who', bearer)).body
const login = async (user: { id: string; role: string }) => signAccessToken(deps().config, user, await now())

async function forge(claims: object, options: { key?: string; issuer?: string; audience?: string; alg?: string } = {}) {
  return await new SignJWT({ role: 'admin', ...claims })
    .setProtectedHeader({ alg: options.alg ?? 'HS256' })
    .setIssuer(options.issuer ?? 'antre')
    .setAudience(options.audience ?? 'access')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(options.key ?? deps().config.JWT_SECRET))
}

test('a user is who the token says, with the role that the database says', async () => {
  const user = await makeUser(deps())
  const token = await login({ ...user, role: 'admin' })
  expect((await who(token)).data).toEqual({ kind: 'user', id: user.id, role: 'jastiper' })
  expect((await get('/api/admin', token)).status).toBe(403)
  await database.db.updateTable('users').set({ role: 'admin' }).where('id', '=', user.id).execute()
  expect((await get('/api/admin', token)).status).toBe(200)
})

test('a deactivated user is out with the next request', async () => {
  const user = await makeUser(deps())
  const token = await login(user)
  expect((await who(token)).success).toBe(true)
  await database.db.updateTable('users').set({ is_active: false }).where('id', '=', user.id).execute()
  expect(await who(token)).toMatchObject({ status: 401, code: 'token_invalid' })
})

test('nobody is public, and public may not enter where a role is needed', async () => {
  expect((await who()).data).toEqual({ kind: 'public' })
  const answer = await get('/api/admin')
  expect(answer.body).toMatchObject({ status: 401, code: 'unauthorized' })
  expect(answer.headers['www-authenticate']).toBe('Bearer')
})

test('an access token lives 15 minutes of the database clock', async () => {
  const token = await login(await makeUser(deps()))
  await clock.advance(14 * 60 + 50)
  expect((await who(token)).success).toBe(true)
  await clock.advance(11)
  expect(await who(token)).toMatchObject({ status: 401, code: 'token_expired' })
})

test('an expired token does not stand in the way of a public route, a forged one does', async () => {
  const expired = await login(await makeUser(deps()))
  await clock.advance(16 * 60)
  expect((await get('/api/limited', expired)).status).toBe(200)
  expect((await get('/api/limited', 'forged.forged.forged')).status).toBe(401)
})

describe('forged credentials are 401 token_invalid', () => {
  const parts = (header: object, claims: object) =>
    [header, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')

  test('no algorithm, another key, issuer, audience or algorithm', async () => {
    const { id } = await makeUser(deps())
    const claims = { sub: id, iss: 'antre', aud: 'access', exp: 9_999_999_999 }
    const forged = [
      `${parts({ alg: 'none' }, claims)}.`,
      `${parts({ alg: 'HS256' }, claims)}.`,
      `${parts({ alg: 'HS256' }, claims)}.${Buffer.from('x'.repeat(32)).toString('base64url')}`,
      await forge({ sub: id }, { key: 'another-secret-another-secret' }),
      await forge({ sub: id }, { issuer: 'someone' }),
      await forge({ sub: id }, { audience: 'refresh' }),
      await forge({ sub: id }, { alg: 'HS512' }),
    ]
    for (const token of forged) expect(await who(token)).toMatchObject({ status: 401, code: 'token_invalid' })
    expect((await who(await forge({ sub: id }))).success).toBe(true)
  })

  test('claims that are missing or no ids', async () => {
    const forged = [
      await forge({ sub: newId() }),
      await forge({ sub: `' or 1=1 --` }),
      await forge({}),
      await forge({ sub: newId() }, { audience: 'pass' }),
      await forge({ sub: newId(), order: newId(), token: newId() }, { audience: 'pass' }),
    ]
    for (const token of forged) expect(await who(token)).toMatchObject({ status: 401, code: 'token_invalid' })
  })

  test('another scheme and a bare word', async () => {
    for (const header of ['Basic YTpi', 'Bearer', 'Bearer a b', 'test-monitoring-token']) {
      const answer = await request(createApp(deps(), probeRoutes([])))
        .get('/api/who')
        .set('Authorization', header)
      expect(answer.body).toMatchObject({ status: 401, code: 'token_invalid' })
    }
  })
})

test('the monitoring token opens monitoring and nothing else', async () => {
  expect((await get('/metrics', 'test-monitoring-token')).status).toBe(200)
  expect((await get('/api/admin', 'test-monitoring-token')).status).toBe(403)
  expect((await get('/metrics')).status).toBe(401)
  expect((await get('/metrics', await login(await makeUser(deps())))).status).toBe(403)
})

describe('a pass', () => {
  async function givePass() {
    const { orderId, guestId, token } = await makeLink(deps())
    const [row] = await database.db
      .selectFrom('guest_access_tokens')
      .selectAll()
      .where('order_id', '=', orderId)
      .execute()
    const { pass } = await signPass(deps().config, { guestId, orderId, tokenId: row!.id }, await now())
    return { pass, orderId, guestId, tokenId: row!.id, token }
  }

  test('is for one order and 30 minutes, and no user', async () => {
    const { pass, orderId, guestId, tokenId } = await givePass()
    expect((await who(pass)).data).toEqual({ kind: 'pass', orderId, guestId, tokenId, readOnly: false })
    expect((await get('/api/admin', pass)).status).toBe(403)
    await clock.advance(30 * 60)
    expect(await who(pass)).toMatchObject({ status: 401, code: 'token_expired' })
  })

  test('only reads once its token was used up', async () => {
    const { pass, tokenId } = await givePass()
    const post = () =>
      request(createApp(deps(), probeRoutes([])))
        .post('/api/pass')
        .set('Authorization', `Bearer ${pass}`)
    expect((await post()).status).toBe(200)
    await database.db
      .updateTable('guest_access_tokens')
      .set({ used_at: new Date() })
      .where('id', '=', tokenId)
      .execute()
    expect((await get('/api/pass', pass)).body.data.readOnly).toBe(true)
    expect((await post()).body).toMatchObject({ status: 401, code: 'token_used' })
  })

  test('is not the token of the link: that only opens the challenge', async () => {
    const { token } = await givePass()
    expect((await get('/api/pass', token)).body).toMatchObject({ status: 403, code: 'challenge_required' })
    expect((await get('/api/pass', 'A'.repeat(43))).body).toMatchObject({ status: 401, code: 'token_invalid' })
  })
})
