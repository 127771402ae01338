import request from 'supertest'
import { createApp } from '../app.ts'
import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { httpDeps } from '../testing/http-deps.ts'
import { makeUser, PASSWORD } from '../testing/people.ts'
import { identityRoutes } from './index.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(() => database.close())

const deps = (config = {}) => httpDeps(database, config)
const call = (path: string, config = {}) => request(createApp(deps(config), identityRoutes)).post(`/api/auth/${path}`)
const login = (email: string, password = PASSWORD, config = {}) => call('login', config).send({ email, password })
const cookieOf = (answer: request.Response): string => String(answer.headers['set-cookie']?.[0]).split(';')[0] ?? ''
const refresh = (cookie: string) => call('refresh').set('Cookie', cookie)

test('logging in answers the user and an access token, and sets the refresh cookie', async () => {
  const user = await makeUser(deps(), { slug: 'sari', email: 'sari@test.antre' })
  const answer = await login('SARI@test.antre')
  expect(answer.body).toEqual({
    success: true,
    data: {
      user: { id: user.id, email: 'sari@test.antre', fullName: 'Sari Dewi', role: 'jastiper', slug: 'sari' },
      accessToken: expect.any(String),
    },
  })
  const cookie = String(answer.headers['set-cookie']?.[0])
  for (const rule of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/api/auth', 'Expires='])
    expect(cookie).toContain(rule)
  const me = await request(createApp(deps(), identityRoutes))
    .get('/api/auth/me')
    .set('Authorization', `Bearer ${answer.body.data.accessToken}`)
  expect(me.body.data).toEqual(answer.body.data.user)
})

test('an unknown e-mail, a wrong password and a deactivated account get the same answer', async () => {
  const user = await makeUser(deps())
  const gone = await makeUser(deps())
  await database.db.updateTable('users').set({ is_active: false }).where('id', '=', gone.id).execute()
  const answers = [await login('nobody@test.antre'), await login(user.email, 'wrong'), await login(gone.email)]
  for (const answer of answers) {
    const { instance: _instance, ...rest } = answer.body
    expect(rest).toMatchObject({ status: 401, code: 'bad_credentials', error: 'E-mail or password is wrong' })
    expect(answer.headers['set-cookie']).toBeUndefined()
  }
})

describe('failed logins', () => {
  const strict = { RATE_LIMIT_FACTOR: 1, TRUST_PROXY: 1 }
  const from = (ip: string, email: string, password = 'wrong') =>
    login(email, password, strict).set('X-Forwarded-For', ip)

  test('of twenty at once on one account from many addresses five are compared, and then the right one waits too', async () => {
    const { email } = await makeUser(deps())
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => from(`10.0.0.${n}`, email)))
    expect(answers.filter(answer => answer.status === 401)).toHaveLength(5)
    const right = await from('10.0.1.1', email.toUpperCase(), PASSWORD)
    expect(right.status).toBe(429)
    expect(Number(right.headers['retry-after'])).toBeGreaterThan(800)
    await (await testClock(database)).advance(15 * 60)
    expect((await from('10.0.1.1', email, PASSWORD)).status).toBe(200)
  })

  test('an unknown e-mail is limited alike, so that the limit tells nothing', async () => {
    const statuses = []
    for (let n = 0; n < 6; n++) statuses.push((await from(`10.0.0.${n}`, 'nobody@test.antre')).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
  })

  test('one address has twenty for all accounts', async () => {
    const answers = await Promise.all(Array.from({ length: 22 }, (_, n) => from('10.0.0.1', `user-${n}@test.antre`)))
    expect(answers.filter(answer => answer.status === 429)).toHaveLength(2)
    expect((await from('10.0.0.2', 'user-1@test.antre')).status).toBe(401)
  })

  test('logins that succeed do not count', async () => {
    const { email } = await makeUser(deps())
    for (let n = 0; n < 7; n++) expect((await from('10.0.0.1', email, PASSWORD)).status).toBe(200)
  })
})

describe('refreshing', () => {
  test('rotates the token, and nothing of it is stored in clear', async () => {
    const first = cookieOf(await login((await makeUser(deps())).email))
    const answer = await refresh(first)
    expect(answer.body.data).toEqual({ accessToken: expect.any(String) })
    const second = cookieOf(answer)
    expect(second).not.toBe(first)
    const stored = JSON.stringify(await database.db.selectFrom('refresh_tokens').selectAll().execute())
    for (const cookie of [first, second]) expect(stored).not.toContain(cookie.split('=')[1])
  })

  test('jastip 29: a token used twice is refused, and its successor is dead too', async () => {
    const first = cookieOf(await login((await makeUser(deps())).email))
    const second = cookieOf(await refresh(first))
    expect((await refresh(first)).body).toMatchObject({ status: 401, code: 'refresh_reused' })
    expect((await refresh(second)).body).toMatchObject({ status: 401, code: 'refresh_invalid' })
  })

  test('of ten parallel uses one wins, and none of the family lives on', async () => {
    const first = cookieOf(await login((await makeUser(deps())).email))
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(first)))
    const winners = answers.filter(answer => answer.status === 200)
    expect(winners).toHaveLength(1)
    expect(answers.filter(answer => answer.body.code === 'refresh_reused')).toHaveLength(9)
    expect((await refresh(cookieOf(winners[0]!))).status).toBe(401)
  })

  test('a reuse ends one session, not the others of the user', async () => {
    const { email } = await makeUser(deps())
    const [lost, other] = [cookieOf(await login(email)), cookieOf(await login(email))]
    await refresh(lost)
    await refresh(lost)
    expect((await refresh(other)).status).toBe(200)
  })

  test('after 30 days, after a deactivation, or with anything else there is nothing to refresh', async () => {
    const user = await makeUser(deps())
    const cookie = cookieOf(await login(user.email))
    for (const bad of [
      '',
      'antre_refresh=',
      `antre_refresh=${'A'.repeat(43)}`,
      `antre_refresh=' or 1=1 --`,
      'antre_refresh=%00',
    ]) {
      expect((await refresh(bad)).body).toMatchObject({ status: 401, code: 'refresh_invalid' })
    }
    await database.db.updateTable('users').set({ is_active: false }).where('id', '=', user.id).execute()
    expect((await refresh(cookie)).body.code).toBe('refresh_invalid')
    await database.db.updateTable('users').set({ is_active: true }).where('id', '=', user.id).execute()
    await (await testClock(database)).advance(30 * 86_400 + 1)
    expect((await refresh(cookie)).body.code).toBe('refresh_invalid')
  })
})

test('logging out ends the session and may be repeated', async () => {
  const cookie = cookieOf(await login((await makeUser(deps())).email))
  const answer = await call('logout').set('Cookie', cookie)
  expect(answer.body).toEqual({ success: true, data: {} })
  expect(answer.headers['set-cookie']?.[0]).toContain('antre_refresh=;')
  expect((await call('logout').set('Cookie', cookie)).status).toBe(200)
  expect((await call('logout')).status).toBe(200)
  expect((await refresh(cookie)).body).toMatchObject({ status: 401, code: 'refresh_invalid' })
})
