import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

type Attempt = { at: string; http_status: number | null; answer: string }

export type Delivery = {
  url: string
  body: unknown
  status: 'pending' | 'delivered' | 'given_up'
  attempts: Attempt[]
}

export type Webhooks = {
  /** Every delivery with the answers of the receiver, oldest first. */
  deliveries: Delivery[]
  /** Posts the body until a 2xx answers or the waits are used up; never rejects. True when it was delivered. */
  send(url: string, body: unknown): Promise<boolean>
  /** Stops what is on its way and resolves when nothing is. */
  close(): Promise<void>
}

const DEFAULT_RETRY_MS = [250, 1_000, 4_000]
const ANSWER_TIMEOUT_MS = 5_000
const KEPT_ANSWER_CHARACTERS = 500

/** Webhook sender of one simulator. `sign` makes the headers, anew for each attempt: a signature may carry the time. */
export function createWebhooks(
  sign: (rawBody: string) => Record<string, string>,
  retryMs: readonly number[] = DEFAULT_RETRY_MS,
): Webhooks {
  const stop = new AbortController()
  const deliveries: Delivery[] = []
  const underWay = new Set<Promise<boolean>>()

  async function deliver(delivery: Delivery): Promise<boolean> {
    const rawBody = JSON.stringify(delivery.body)
    for (const waitMs of [0, ...retryMs]) {
      await sleep(waitMs, undefined, { signal: stop.signal })
      const attempt = await post(delivery.url, rawBody, sign(rawBody), stop.signal)
      delivery.attempts.push(attempt)
      if (attempt.http_status !== null && attempt.http_status >= 200 && attempt.http_status < 300) {
        delivery.status = 'delivered'
        return true
      }
    }
    delivery.status = 'given_up'
    return false
  }

  return {
    deliveries,
    send: (url, body) => {
      const delivery: Delivery = { url, body, status: 'pending', attempts: [] }
      deliveries.push(delivery)
      // The only way out of deliver is the abort of close: the delivery then stays pending.
      const sending = deliver(delivery).catch(() => false)
      underWay.add(sending)
      void sending.then(() => underWay.delete(sending))
      return sending
    },
    close: async () => {
      stop.abort()
      await Promise.all(underWay)
    },
  }
}

async function post(url: string, rawBody: string, headers: Record<string, string>, stop: AbortSignal) {
  const at = new Date().toISOString()
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: rawBody,
      headers: { 'content-type': 'application/json', ...headers },
      signal: AbortSignal.any([stop, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    })
    const answer = (await response.text()).slice(0, KEPT_ANSWER_CHARACTERS)
    return { at, http_status: response.status, answer }
  } catch (error) {
    return { at, http_status: null, answer: error instanceof Error ? error.message : String(error) }
  }
}

/** `X-Antre-Signature: t=<unix seconds>,v1=<hex>`, HMAC-SHA256 over `t + "." + raw body`. */
export function signAntre(secret: string, rawBody: string, unixSeconds = Math.floor(Date.now() / 1000)) {
  const v1 = createHmac('sha256', secret).update(`${unixSeconds}.${rawBody}`).digest('hex')
  return { 'x-antre-signature': `t=${unixSeconds},v1=${v1}` }
}

/** `X-Hub-Signature-256: sha256=<hex>`, HMAC-SHA256 over the raw body, as Meta signs. */
export function signMeta(appSecret: string, rawBody: string) {
  return { 'x-hub-signature-256': `sha256=${createHmac('sha256', appSecret).update(rawBody).digest('hex')}` }
}
