import { hashPassword, isRightPassword } from './password.ts'

test('a password fits its own hash only', async () => {
  const hash = await hashPassword('correct-horse')
  expect(await isRightPassword(hash, 'correct-horse')).toBe(true)
  expect(await isRightPassword(hash, 'correct-horsf')).toBe(false)
})

test('without an account nothing fits, not even the text that is compared with', async () => {
  expect(await isRightPassword(undefined, 'no such account')).toBe(false)
})

test('the comparison without an account costs the same: same algorithm, memory and passes', async () => {
  const began = performance.now()
  await isRightPassword(undefined, 'anything')
  // argon2id with 19 MiB takes milliseconds; a shortcut would take none.
  expect(performance.now() - began).toBeGreaterThan(1)
})
