import { z } from 'zod'
import { Permanent } from '../platform/job.ts'
import type { Language, NotifyDeps } from './template.ts'

const API_VERSION = 'v21.0'

const answerShape = z.object({ messages: z.array(z.object({ id: z.string().min(1).max(500) })).min(1) })
const errorShape = z.object({ error: z.object({ code: z.number() }) })

export type WhatsappMessage = {
  /** E.164. */
  to: string
  /** The approved template that carries the text, named after the event. */
  template: string
  language: Language
  text: string
}

/**
 * Hands one message to the WhatsApp Cloud API at `baseUrl` and returns its id there. There is no idempotency key: a call
 * whose answer is lost may have sent the message. @throws Permanent when the API refuses the message; any other error
 * when it may take it later (busy, throttled, broken, no answer)
 */
export async function postWhatsapp(
  baseUrl: string,
  config: Pick<NotifyDeps['config'], 'WHATSAPP_PHONE_NUMBER_ID' | 'WHATSAPP_TOKEN'>,
  message: WhatsappMessage,
  signal: AbortSignal,
): Promise<string> {
  const url = `${baseUrl.replace(/\/+$/, '')}/${API_VERSION}/${encodeURIComponent(config.WHATSAPP_PHONE_NUMBER_ID)}/messages`
  const { status, text } = await post(url, config.WHATSAPP_TOKEN, wireMessage(message), signal).catch(error => {
    throw new Error('WhatsApp gave no answer', { cause: error })
  })
  const answer = parseJson(text)
  if (status < 200 || status > 299) throw refusal(status, answer)
  const id = answerShape.safeParse(answer).data?.messages[0]?.id
  if (id === undefined) throw new Error('WhatsApp answered without a message id')
  return id
}

async function post(url: string, token: string, body: object, signal: AbortSignal) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    redirect: 'manual',
    signal,
  })
  return { status: response.status, text: await response.text() }
}

const wireMessage = ({ to, template, language, text }: WhatsappMessage) => ({
  messaging_product: 'whatsapp',
  recipient_type: 'individual',
  to: to.replace(/^\+/, ''),
  type: 'template',
  template: {
    name: template,
    language: { code: language },
    components: [{ type: 'body', parameters: [{ type: 'text', text }] }],
  },
})

/** Only the code of the API goes into the error: its text may quote the phone number. */
function refusal(status: number, answer: unknown): Error {
  const code = errorShape.safeParse(answer).data?.error.code
  const message = `WhatsApp answered ${status}${code === undefined ? '' : ` (code ${code})`}`
  return status >= 400 && status < 500 && ![408, 429].includes(status) ? new Permanent(message) : new Error(message)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
