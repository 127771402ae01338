import { hashContact, normalizePhone } from './phone.ts'

test.each([
  '081234567890',
  '+62 812-3456-7890',
  '62812 3456 7890',
  '81234567890',
  '+620812 3456 7890',
  '(0812) 3456.7890',
])('jastip 24: %s is +6281234567890', text => {
  expect(normalizePhone(text)).toBe('+6281234567890')
})

test('a foreign number needs its plus', () => {
  expect(normalizePhone('+65 8123 4567')).toBe('+6581234567')
  expect(normalizePhone('+1 212 555 2368')).toBe('+12125552368')
})

test.each([
  '0812',
  '0812abcdefgh',
  '0812345678901234',
  '1234567890123456',
  '',
  'call 081234567890',
  '081234567890 ext 5',
  '+6281234567890;phone-context=evil',
  '٠٨١٢٣٤٥٦٧٨٩٠',
  '112',
])('%s is no phone, and the refusal names the field', text => {
  expect(() => normalizePhone(text, 'participantPhone')).toThrow(
    expect.objectContaining({
      status: 422,
      code: 'phone_invalid',
      errors: [expect.objectContaining({ path: 'participantPhone' })],
    }),
  )
})

test('the contact hash needs the key', () => {
  expect(hashContact('key-a', '+6281234567890')).toMatch(/^[0-9a-f]{64}$/)
  expect(hashContact('key-a', '+6281234567890')).not.toBe(hashContact('key-b', '+6281234567890'))
})
