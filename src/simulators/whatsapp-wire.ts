import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Answer } from './http-server.ts'

/** A template message as the Cloud API takes it; `to` is an international number without its plus. */
export const templateMessage = z.object({
  messaging_product: z.literal('whatsapp'),
  recipient_type: z.literal('individual').default('individual'),
  to: z.string().regex(/^[1-9]\d{6,14}$/, 'digits with the country code, no plus'),
  type: z.literal('template'),
  template: z.object({
    name: z.string().regex(/^[a-z0-9_]{1,512}$/, 'lower case letters, digits and underscores'),
    language: z.object({ code: z.string().min(2) }),
    components: z
      .array(
        z.object({
          type: z.literal('body'),
          parameters: z.array(z.object({ type: z.literal('text'), text: z.string().min(1) })),
        }),
      )
      .default([]),
  }),
})

export type TemplateMessage = z.infer<typeof templateMessage>
export const DELIVERY_STATUSES = ['sent', 'delivered', 'read', 'failed'] as const
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]

/** Codes and titles of the Cloud API by HTTP status; the rest is said in `details`. */
const GRAPH_ERRORS: Record<number, { code: number; title: string }> = {
  400: { code: 100, title: 'Invalid parameter' },
  401: { code: 190, title: 'Authentication error' },
  429: { code: 130429, title: 'Rate limit hit' },
  500: { code: 131000, title: 'Something went wrong' },
}

/** An error as the Graph API answers it. */
export function graphError(status: number, _code: string, details: string): Answer {
  const { code, title } = GRAPH_ERRORS[status] ?? { code: 1, title: 'API Unknown' }
  const error = {
    message: `(#${code}) ${title}`,
    type: 'OAuthException',
    code,
    error_data: { messaging_product: 'whatsapp', details },
    fbtrace_id: randomBytes(9).toString('base64url'),
  }
  return { status, body: { error } }
}

/** The webhook body of one status of one message, as the Cloud API sends it. */
export function statusWebhookBody(phoneNumberId: string, messageId: string, to: string, status: DeliveryStatus) {
  const entry = {
    id: messageId,
    status,
    timestamp: String(Math.floor(Date.now() / 1000)),
    recipient_id: to,
    ...(status === 'failed' ? { errors: [{ code: 131026, title: 'Message undeliverable' }] } : {}),
  }
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '15550000000', phone_number_id: phoneNumberId },
    statuses: [entry],
  }
  return { object: 'whatsapp_business_account', entry: [{ id: '0', changes: [{ value, field: 'messages' }] }] }
}
