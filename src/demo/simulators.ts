import { z } from 'zod'
import { type Api, createApi, readAs } from './api.ts'
import { failure } from './failure.ts'
import { waitFor } from './pool.ts'

const rupiah = z.number()
const ledgerShape = z.object({
  payments: z.array(z.object({ payment_id: z.string(), reference: z.string(), received: rupiah })),
  refunds: z.array(
    z.object({ payment_id: z.string().optional(), amount: rupiah, status: z.string(), calls: z.number() }),
  ),
})
const messagesShape = z.object({
  messages: z.array(z.object({ to: z.string(), texts: z.array(z.string()), template: z.object({ name: z.string() }) })),
})
const faultsShape = z.object({ failNext: z.number() })

export type Ledger = z.infer<typeof ledgerShape>
/** `to` in E.164. */
export type Message = { to: string; template: string; text: string }

/** The outside world of a demo server: what the payment provider and WhatsApp saw, and knobs to make them fail. */
export type Simulators = {
  ledger(): Promise<Ledger>
  messages(): Promise<Message[]>
  /** The token in the link of the newest message of this template to the phone; waits for it. */
  linkToken(phone: string, template: string): Promise<string>
  payments: Knobs
  whatsapp: Knobs
}

export type Knobs = {
  /** The next `n` calls fail so. */
  failNext(mode: 'error-400' | 'error-500', n: number): Promise<void>
  /** How many calls are still to fail. */
  left(): Promise<number>
  reset(): Promise<void>
}

const MESSAGE_LIMIT_SECONDS = 45
/** All messages come at once, so that those who wait share what was read. */
const INBOX_AGE_MS = 200

/** @throws a failure when a simulator does not answer as one */
export async function openSimulators(urls: { payments: string; whatsapp: string }): Promise<Simulators> {
  const [payments, whatsapp] = [createApi(urls.payments), createApi(urls.whatsapp)]
  const messages = shared(INBOX_AGE_MS, () => readMessages(whatsapp))
  const simulators: Simulators = {
    ledger: () => read(payments, ledgerShape, '/_sim/ledger'),
    messages: () => readMessages(whatsapp),
    linkToken: (phone, template) =>
      waitFor(`the message "${template}" to ${phone}`, MESSAGE_LIMIT_SECONDS, async () =>
        tokenIn((await messages()).findLast(message => message.to === phone && message.template === template)),
      ),
    payments: knobsOf(payments),
    whatsapp: knobsOf(whatsapp),
  }
  // Faults that somebody left behind would be taken for faults of the server.
  await Promise.all([simulators.payments.reset(), simulators.whatsapp.reset()])
  return simulators
}

const tokenIn = (message: Message | undefined): string | undefined => /#([\w-]{43})/.exec(message?.text ?? '')?.[1]

async function readMessages(whatsapp: Api): Promise<Message[]> {
  const { messages } = await read(whatsapp, messagesShape, '/_sim/messages')
  return messages.map(({ to, template, texts }) => ({ to: `+${to}`, template: template.name, text: texts.join(' ') }))
}

async function read<T>(api: Api, shape: z.ZodType<T>, path: string): Promise<T> {
  const { status, body } = await api.call('GET', path)
  if (status !== 200) throw failure(`the simulator at ${api.url} answered GET ${path} with ${status}`)
  return readAs(shape, body, `GET ${api.url}${path}`)
}

function knobsOf(api: Api): Knobs {
  const turn = async (method: string, body?: object) => {
    const { status } = await api.call(method, '/_sim/faults', body === undefined ? {} : { body })
    if (status !== 200) throw failure(`the simulator at ${api.url} answered ${method} /_sim/faults with ${status}`)
  }
  return {
    failNext: (mode, n) => turn('PUT', { mode, failNext: n }),
    left: async () => (await read(api, faultsShape, '/_sim/faults')).failNext,
    reset: () => turn('DELETE'),
  }
}

/** One reading for all who ask within `ageMs`. */
function shared<T>(ageMs: number, readNow: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined
  let readAt = Number.NEGATIVE_INFINITY
  return () => {
    if (reading === undefined || performance.now() - readAt > ageMs) {
      readAt = performance.now()
      reading = readNow()
    }
    return reading
  }
}
