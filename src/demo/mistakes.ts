import { randomUUID } from 'node:crypto'
import { type Answer, describeAnswer } from './api.ts'
import { askForLink, type Buyer, checkOut, openLink, payLink, sendFile, sendProof, waitForStatus } from './buyer.ts'
import { judgeStory } from './play-story.ts'
import { judge } from './seller.ts'
import type { Stage } from './stage.ts'

/** Something that people do wrong, and what the server made of it. */
export type Mistake = { what: string; expected: string; got: string }

const refused = (what: string, expected: string, answer: Answer): Mistake => ({
  what,
  expected,
  got: describeAnswer(answer),
})

/** A buyer who pays by transfer, until accepted, with everything that can be done wrong on the way. */
export async function playClumsyTransfer(stage: Stage, buyer: Buyer): Promise<Mistake[]> {
  const { api } = stage
  const key = randomUUID()
  await checkOut(stage, buyer, key)
  const { orderId, linkToken: firstLink } = buyer
  await checkOut(stage, buyer, key)
  const validate = (token: string) => api.call('POST', '/api/upload/validate', { body: { token } })
  const wrong = {
    token: buyer.linkToken,
    challengeResponse: buyer.customer.phone.slice(-4) === '0000' ? '1111' : '0000',
  }
  const mistakes = [
    {
      what: 'one checkout sent twice with one Idempotency-Key',
      expected: 'the same order',
      got: buyer.orderId === orderId ? 'the same order' : 'another order',
    },
    refused('the link of the first answer after the second', '401 token_revoked', await validate(firstLink)),
    refused(
      'wrong digits for the phone',
      '401 challenge_failed',
      await api.call('POST', '/api/upload/verify', { body: wrong }),
    ),
    refused(
      'a proof with the link instead of a pass',
      '403 challenge_required',
      await sendText(stage, buyer, buyer.linkToken),
    ),
  ]
  await openLink(stage, buyer, buyer.linkToken)
  mistakes.push(
    refused('a text named proof.png', '422 file_type_not_allowed', await sendText(stage, buyer, buyer.pass)),
  )
  await sendProof(stage, buyer)
  mistakes.push(refused('the link once more after the proof', '401 token_used', await validate(buyer.linkToken)))
  return [...mistakes, ...(await playClumsySeller(stage, buyer))]
}

const sendText = (stage: Stage, buyer: Buyer, token: string): Promise<Answer> =>
  sendFile(stage, buyer, token, new TextEncoder().encode('I have paid, honestly'))

/** The seller's and other people's mistakes with an order that waits to be judged; in the end it is judged. */
async function playClumsySeller(stage: Stage, buyer: Buyer): Promise<Mistake[]> {
  const { api, seller, otherSeller } = stage
  const path = `/api/orders/${buyer.orderId}`
  const mistakes = [
    refused(
      'accepting without a shipping fee',
      '422 shipping_fee_required',
      await judge(stage, buyer, { action: 'accept' }),
    ),
    refused('rejecting without a reason', '422 reason_required', await judge(stage, buyer, { action: 'reject' })),
    refused("another seller's order", '404 not_found', await api.call('GET', path, { token: otherSeller })),
    refused('an order without login or pass', '401 unauthorized', await api.call('GET', path)),
    refused(
      'monitoring as a seller',
      '403 forbidden',
      await api.call('GET', '/api/monitoring/queue/stats', { token: seller }),
    ),
    refused('a payment webhook without signature', '401 signature_invalid', await forgeWebhook(stage, buyer)),
  ]
  await judgeStory(stage, buyer)
  const again = await judge(stage, buyer, { action: 'accept', shippingFee: 0 })
  return [...mistakes, refused('accepting twice', '409 order_wrong_state', again)]
}

function forgeWebhook(stage: Stage, { orderId, dp: amount }: Buyer): Promise<Answer> {
  const body = { paymentId: `forged-${randomUUID()}`, orderId, status: 'paid', amount, currency: 'IDR' }
  return stage.api.call('POST', '/api/webhooks/payment/dp', { body })
}

/** A buyer who pays by link, until accepted, and does everything twice. */
export async function playClumsyLink(stage: Stage, buyer: Buyer): Promise<Mistake[]> {
  if (buyer.orderId === '') await checkOut(stage, buyer)
  await openLink(stage, buyer, buyer.linkToken)
  const key = randomUUID()
  const [link, sameLink] = await Promise.all([askForLink(stage, buyer, 'dp', key), askForLink(stage, buyer, 'dp', key)])
  await Promise.all([payLink(link), payLink(link)])
  await waitForStatus(stage, buyer, 'awaiting_validation')
  await payLink(link)
  const body = { kind: 'dp' }
  const late = await stage.api.call('POST', `/api/orders/${buyer.orderId}/payments`, { token: buyer.pass, body })
  await judgeStory(stage, buyer)
  return [
    {
      what: 'a payment link asked for twice with one Idempotency-Key',
      expected: 'the same link',
      got: link === sameLink ? 'the same link' : 'another link',
    },
    refused('a link for what is paid already', '409 order_wrong_state', late),
  ]
}
