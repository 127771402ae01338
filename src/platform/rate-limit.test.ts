import { testClock } from '../testing/clock.ts'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { addressKey, givePointBack, takePoint } from './rate-limit.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const limit = { points: 5, seconds: 60, factor: 1 }
const take = async (key: string, of = limit) =>
  takePoint(database.db, key, of).then(
    () => 'taken',
    error => error.code,
  )

test('of thirty calls at once exactly as many pass as the limit allows', async () => {
  const outcomes = await Promise.all(Array.from({ length: 30 }, () => take('parallel')))
  expect(outcomes.filter(outcome => outcome === 'taken')).toHaveLength(5)
  expect(outcomes.filter(outcome => outcome === 'rate_limited')).toHaveLength(25)
})

test('counts each key alone, and the factor multiplies', async () => {
  for (let n = 0; n < 5; n++) await take('one')
  expect(await take('one')).toBe('rate_limited')
  expect(await take('another')).toBe('taken')
  expect(await take('one', { ...limit, factor: 2 })).toBe('taken')
})

test('begins anew when the window is over, and refused calls do not prolong it', async () => {
  const clock = await testClock(database)
  for (let n = 0; n < 5; n++) await take('window')
  await clock.advance(59)
  expect(await take('window')).toBe('rate_limited')
  await clock.advance(2)
  expect(await take('window')).toBe('taken')
})

test('a point that is given back can be taken again', async () => {
  for (let n = 0; n < 5; n++) await take('back')
  await givePointBack(database.db, 'back')
  expect(await take('back')).toBe('taken')
  expect(await take('back')).toBe('rate_limited')
})

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:1:2::9', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('counts the address %s as %s', (ip, key) => {
  expect(addressKey(ip)).toBe(key)
})
