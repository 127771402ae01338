import { newId, timeOfId } from './ids.ts'

test('ids are UUIDs v7 that sort as they were made and never repeat', () => {
  const ids = Array.from({ length: 5_000 }, () => newId())
  expect(ids.every(id => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(true)
  expect(new Set(ids).size).toBe(5_000)
  expect([...ids].sort()).toEqual(ids)
})

test('an id made for a moment tells that moment', () => {
  const at = new Date('2031-05-06T07:08:09.123Z')
  expect(timeOfId(newId(at))).toBe(at.getTime())
  expect(timeOfId('0192f0c1-7a3b-4c11-8a55-3f1f9b2d4e60')).toBeUndefined()
})
