import { findUnsafeText } from './unsafe-text.ts'

test('names the place of a NUL character and of half a surrogate pair, in values and in field names', () => {
  const input = { a: 'fine 😀', items: [{ note: 'x\0y' }, { note: '\ud800' }], 'k\0': 1 }
  const paths = findUnsafeText(input).map(error => error.path)
  expect(paths.sort()).toEqual(['', 'items.0.note', 'items.1.note'])
})

test('survives nesting that would end the stack, and refuses it', () => {
  const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)
  expect(findUnsafeText(deep)).toEqual([{ path: '0.0.0', message: 'is nested too deeply' }])
})

test('stops after a few errors', () => {
  expect(findUnsafeText(Array(10_000).fill('\0')).length).toBeLessThanOrEqual(20)
})
