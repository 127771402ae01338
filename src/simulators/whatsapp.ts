import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { createFaults, faultKnobs } from './faults.ts'
import { type Answer, type Call, type Outcome, type Simulator, serve } from './http-server.ts'
import { createWebhooks, signMeta } from './webhooks.ts'
import { DELIVERY_STATUSES, graphError, statusWebhookBody, type TemplateMessage, templateMessage } from './whatsapp-wire.ts'

export type WhatsAppOptions = {
  port?: number
  /** When set, every call must carry it as bearer token. */
  token?: string
  /** Where accepted messages report how far they got, signed with the app secret. */
  statusWebhook?: { url: string; appSecret: string }
  webhookRetryMs?: readonly number[]
}

type AcceptedMessage = TemplateMessage & {
  id: string
  version: string
  phone_number_id: string
  at: string
  /** The body's parameters in order. */
  texts: string[]
}

/**
 * `statuses` are reported in this order after a message was accepted; the first `statusDelayMs` after the answer,
 * so that the sender has time to store the id that the webhook names.
 */
const whatsAppKnobs = faultKnobs.extend({
  statuses: z.array(z.enum(DELIVERY_STATUSES)).default(['delivered', 'read']),
  statusDelayMs: z.int().min(0).max(60_000).default(200),
})

/**
 * The Cloud API's message call as a real server. `GET /_sim/messages` lists what was accepted, answered or not, and the
 * webhooks that were sent; `DELETE /_sim/messages` forgets them; `/_sim/faults` holds the knobs.
 * As at the original, the same message sent twice is two messages.
 */
export async function startWhatsApp(options: WhatsAppOptions = {}): Promise<Simulator> {
  const { token, statusWebhook } = options
  const messages: AcceptedMessage[] = []
  const faults = createFaults(whatsAppKnobs, graphError)
  const webhooks = createWebhooks(raw => signMeta(statusWebhook?.appSecret ?? '', raw), options.webhookRetryMs)

  function send(call: Call): Outcome | Promise<Outcome> {
    if (token !== undefined && call.headers.authorization !== `Bearer ${token}`) {
      return graphError(401, 'unauthorized', 'the access token is missing or wrong')
    }
    return faults.run(() => accept(call))
  }

  function accept({ params, body }: Call): Answer {
    const { version = '', phoneNumberId = '' } = params
    if (!/^v\d+\.\d+$/.test(version)) return graphError(400, 'bad_version', `unknown API version ${version}`)
    const parsed = templateMessage.safeParse(body)
    if (!parsed.success) return graphError(400, 'bad_message', z.prettifyError(parsed.error))
    const message = record(parsed.data, version, phoneNumberId)
    messages.push(message)
    if (statusWebhook) void reportStatuses(message, statusWebhook.url)
    const contacts = [{ input: message.to, wa_id: message.to }]
    return { status: 200, body: { messaging_product: 'whatsapp', contacts, messages: [{ id: message.id }] } }
  }

  async function reportStatuses(message: AcceptedMessage, url: string) {
    const { statuses, statusDelayMs } = faults.knobs()
    await sleep(statusDelayMs, undefined, { ref: false })
    for (const status of statuses) {
      await webhooks.send(url, statusWebhookBody(message.phone_number_id, message.id, message.to, status))
    }
  }

  const server = await serve(
    [
      ...faults.routes,
      { method: 'POST', path: '/:version/:phoneNumberId/messages', handle: send },
      {
        method: 'GET',
        path: '/_sim/messages',
        handle: () => ({ status: 200, body: { count: messages.length, messages, webhooks: webhooks.deliveries } }),
      },
      {
        method: 'DELETE',
        path: '/_sim/messages',
        handle: () => {
          messages.length = 0
          webhooks.deliveries.length = 0
          return { status: 200, body: { count: 0 } }
        },
      },
    ],
    graphError,
    options.port,
  )
  return { ...server, close: async () => void (await Promise.all([webhooks.close(), server.close()])) }
}

function record(message: TemplateMessage, version: string, phoneNumberId: string): AcceptedMessage {
  return {
    id: `wamid.${randomBytes(24).toString('base64')}`,
    version,
    phone_number_id: phoneNumberId,
    at: new Date().toISOString(),
    texts: message.template.components.flatMap(component => component.parameters.map(({ text }) => text)),
    ...message,
  }
}
