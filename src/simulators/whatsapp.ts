import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { createFaults, faultKnobs } from './faults.ts'
import { type Answer, type Call, type Outcome, type Route, type Simulator, serve } from './http-server.ts'
import { createWebhooks, signMeta, type Webhooks } from './webhooks.ts'
import {
  DELIVERY_STATUSES,
  graphError,
  statusWebhookBody,
  type TemplateMessage,
  templateMessage,
} from './whatsapp-wire.ts'

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
type WhatsAppKnobs = z.infer<typeof whatsAppKnobs>

/**
 * The Cloud API's message call as a real server. `GET /_sim/messages` lists what was accepted, answered or not, and the
 * webhooks that were sent; `DELETE /_sim/messages` forgets them; `/_sim/faults` holds the knobs.
 * As at the original, the same message sent twice is two messages.
 */
export async function startWhatsApp(options: WhatsAppOptions = {}): Promise<Simulator> {
  const messages: AcceptedMessage[] = []
  const faults = createFaults(whatsAppKnobs, graphError)
  const webhooks = createWebhooks(raw => signMeta(options.statusWebhook?.appSecret ?? '', raw), options.webhookRetryMs)
  const url = options.statusWebhook?.url

  function send(call: Call): Outcome | Promise<Outcome> {
    if (options.token !== undefined && call.headers.authorization !== `Bearer ${options.token}`) {
      return graphError(401, 'unauthorized', 'the access token is missing or wrong')
    }
    return faults.run(() => {
      const message = read(call)
      if ('status' in message) return message
      messages.push(message)
      if (url !== undefined) void reportStatuses(message, url, faults.knobs(), webhooks)
      return accepted(message)
    })
  }

  const routes = [
    ...faults.routes,
    { method: 'POST', path: '/:version/:phoneNumberId/messages', handle: send },
    ...ledgerRoutes(messages, webhooks),
  ]
  const server = await serve(routes, graphError, options.port)
  return { ...server, close: async () => void (await Promise.all([webhooks.close(), server.close()])) }
}

function read({ params, body }: Call): AcceptedMessage | Answer {
  const { version = '', phoneNumberId = '' } = params
  if (!/^v\d+\.\d+$/.test(version)) return graphError(400, 'bad_version', `unknown API version ${version}`)
  const parsed = templateMessage.safeParse(body)
  if (!parsed.success) return graphError(400, 'bad_message', z.prettifyError(parsed.error))
  return {
    id: `wamid.${randomBytes(24).toString('base64')}`,
    version,
    phone_number_id: phoneNumberId,
    at: new Date().toISOString(),
    texts: parsed.data.template.components.flatMap(component => component.parameters.map(({ text }) => text)),
    ...parsed.data,
  }
}

function accepted({ id, to }: AcceptedMessage): Answer {
  const contacts = [{ input: to, wa_id: to }]
  return { status: 200, body: { messaging_product: 'whatsapp', contacts, messages: [{ id }] } }
}

async function reportStatuses(message: AcceptedMessage, url: string, knobs: WhatsAppKnobs, webhooks: Webhooks) {
  await sleep(knobs.statusDelayMs, undefined, { ref: false })
  for (const status of knobs.statuses) {
    await webhooks.send(url, statusWebhookBody(message.phone_number_id, message.id, message.to, status))
  }
}

function ledgerRoutes(messages: AcceptedMessage[], { deliveries }: Webhooks): Route[] {
  const path = '/_sim/messages'
  const list = (): Answer => ({ status: 200, body: { count: messages.length, messages, webhooks: deliveries } })
  const forget = (): Answer => {
    messages.length = 0
    deliveries.length = 0
    return list()
  }
  return [
    { method: 'GET', path, handle: list },
    { method: 'DELETE', path, handle: forget },
  ]
}
