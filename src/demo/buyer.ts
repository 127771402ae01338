import { randomUUID } from 'node:crypto'
import type { Answer } from './api.ts'
import type { Customer } from './customers.ts'
import { failure } from './failure.ts'
import { waitFor } from './pool.ts'
import { checkoutShape, linkShape, passShape, statusShape } from './shapes.ts'
import type { Stage } from './stage.ts'
import type { Story } from './stories.ts'

/** One of the buyers: who it is, what it goes through, and what it knows by now. */
export type Buyer = {
  story: Story
  customer: Customer
  orderId: string
  code: string
  /** Of the link in the checkout's answer. */
  linkToken: string
  pass: string
  dp: number
  /** What is left to pay, once accepted. */
  remaining: number
  /** The payment link of somebody who pays late. */
  lateLink: string
  /** What went wrong on the way, in sentences. */
  troubles: string[]
}

/** Seconds; a payment through the gateway needs its webhook. */
const STATUS_LIMIT_SECONDS = 12

const ADDRESS = {
  text: 'Jl. Merdeka 1',
  provinceId: '31',
  provinceName: 'DKI Jakarta',
  cityId: '3171',
  cityName: 'Jakarta Pusat',
  districtId: '317101',
  districtName: 'Gambir',
}

export const checkoutBody = (stage: Stage, { name, phone, items }: Customer) => ({
  tripId: stage.trip.id,
  participantPhone: phone,
  participantName: name,
  address: { recipient: name, ...ADDRESS },
  items,
})

/** A buyer before the checkout. */
export const newBuyer = (story: Story, customer: Customer): Buyer => ({
  story,
  customer,
  orderId: '',
  code: '',
  linkToken: '',
  pass: '',
  dp: 0,
  remaining: 0,
  lateLink: '',
  troubles: [],
})

export async function checkOut(stage: Stage, buyer: Buyer, key: string = randomUUID()): Promise<void> {
  const body = checkoutBody(stage, buyer.customer)
  noteOrder(buyer, await stage.api.post(checkoutShape, '/api/checkout/dp', { body, key }))
}

type CheckoutAnswer = { orderId: string; orderCode: string; dpAmount: number; uploadToken: string }

export function noteOrder(buyer: Buyer, { orderId, orderCode, dpAmount, uploadToken }: CheckoutAnswer): void {
  Object.assign(buyer, { orderId, code: orderCode, dp: dpAmount, linkToken: uploadToken })
}

/** Answers the challenge of a link: the last four digits of the phone give a pass. */
export async function openLink(stage: Stage, buyer: Buyer, token: string): Promise<void> {
  const body = { token, challengeResponse: buyer.customer.phone.slice(-4) }
  buyer.pass = (await stage.api.post(passShape, '/api/upload/verify', { body })).pass
}

/** A 1 × 1 PNG. */
const PROOF = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNISfjxHwAFpAK8+PY6yAAAAABJRU5ErkJggg==',
  'base64',
)

/** Sends a file as proof of a transfer, whatever the answer. */
export function sendFile(stage: Stage, buyer: Buyer, token: string, file: Uint8Array<ArrayBuffer>): Promise<Answer> {
  const body = new FormData()
  body.append('file', new Blob([file], { type: 'image/png' }), 'proof.png')
  return stage.api.call('POST', `/api/upload/${buyer.orderId}`, { token, body })
}

export async function sendProof(stage: Stage, buyer: Buyer): Promise<void> {
  const answer = await sendFile(stage, buyer, buyer.pass, new Uint8Array(PROOF))
  if (answer.status !== 201) throw failure(`the proof of ${buyer.code} was answered with ${answer.status}`)
}

export async function askForLink(
  stage: Stage,
  buyer: Buyer,
  kind: 'dp' | 'final',
  key = randomUUID(),
): Promise<string> {
  const path = `/api/orders/${buyer.orderId}/payments`
  return (await stage.api.post(linkShape, path, { token: buyer.pass, body: { kind }, key })).paymentLink
}

/** What the button of the provider's page does. */
export async function payLink(link: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const { status } = await fetch(link, { method: 'POST', headers, body: '{}', signal: AbortSignal.timeout(15_000) })
  if (status !== 200) throw failure(`the payment page ${link} answered ${status}`)
}

/** @throws a failure when the order does not get there in time */
export async function waitForStatus(stage: Stage, buyer: Buyer, status: string): Promise<void> {
  const path = `/api/orders/${buyer.orderId}/status`
  await waitFor(`${buyer.code} becoming ${status}`, STATUS_LIMIT_SECONDS, async () => {
    const seen = await stage.api.get(statusShape, path, { token: buyer.pass })
    return seen.status === status || undefined
  })
}
