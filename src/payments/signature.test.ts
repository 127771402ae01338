import { createHmac } from 'node:crypto'
import { signAntre } from '../simulators/webhooks.ts'
import { signPayload, verifySignature } from './index.ts'

const secret = 'a-webhook-secret-of-enough-length'
const now = new Date('2026-11-20T10:00:00.500Z')
const body = Buffer.from('{"paymentId":"pay_1","amount":84200}')
const secondsFromNow = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const refused = (code: string) => expect.objectContaining({ status: 401, code })

function outcomeOf(header: string | undefined, raw: Buffer = body, by: string = secret): unknown {
  try {
    return verifySignature(header, raw, by, now)
  } catch (error) {
    return error
  }
}

test('signs time and raw body with HMAC-SHA256, as the spec writes it', () => {
  const hex = createHmac('sha256', secret).update(`1795168800.${body}`).digest('hex')
  expect(signPayload(body, secret, now)).toBe(`t=1795168800,v1=${hex}`)
})

test('accepts its own signature and that of the simulated provider', () => {
  expect(outcomeOf(signPayload(body, secret, now))).toBeUndefined()
  const sent = signAntre(secret, body.toString(), Math.floor(now.getTime() / 1000))
  expect(outcomeOf(sent['x-antre-signature'])).toBeUndefined()
})

test('refuses a body changed by one byte, another secret, a changed time', () => {
  const header = signPayload(body, secret, now)
  const changed = Buffer.from(body)
  changed[5] = changed[5]! ^ 1
  expect(outcomeOf(header, changed)).toEqual(refused('signature_invalid'))
  expect(outcomeOf(header, body, `${secret}!`)).toEqual(refused('signature_invalid'))
  expect(outcomeOf(header.replace('t=1795168800', 't=1795168801'))).toEqual(refused('signature_invalid'))
})

test.each([
  undefined,
  '',
  'v1=00',
  't=1795168800',
  `t=now,v1=${'0'.repeat(64)}`,
  `t=1795168800,v1=${'0'.repeat(63)}`,
  `t=1795168800,v1=${'0'.repeat(64)}`,
  `t=1795168800,v1=${'Z'.repeat(64)}`,
])('refuses the header %p', header => {
  expect(outcomeOf(header)).toEqual(refused('signature_invalid'))
})

test('refuses a good signature that is 301 s old or from the future, and takes one of 299 s', () => {
  expect(outcomeOf(signPayload(body, secret, secondsFromNow(-301)))).toEqual(refused('timestamp_out_of_range'))
  expect(outcomeOf(signPayload(body, secret, secondsFromNow(302)))).toEqual(refused('timestamp_out_of_range'))
  expect(outcomeOf(signPayload(body, secret, secondsFromNow(-299)))).toBeUndefined()
  expect(outcomeOf(signPayload(body, secret, secondsFromNow(299)))).toBeUndefined()
})
