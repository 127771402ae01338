/** Process entry: all stand-ins of the outside world, until SIGTERM, SIGINT or the end of the parent. */
import { z } from 'zod'
import { startPaymentProvider } from './payments.ts'
import { startWhatsApp } from './whatsapp.ts'

const port = z.coerce.number().int().min(0).max(65_535).default(0)
const environment = z.object({
  SIM_WHATSAPP_PORT: port,
  SIM_PAYMENTS_PORT: port,
  PAYMENT_WEBHOOK_SECRET: z.string().min(1),
  PAYMENT_API_KEY: z.string().min(1).optional(),
  WHATSAPP_TOKEN: z.string().min(1).optional(),
  /** With both, delivered and read statuses are reported to our own webhook. */
  WHATSAPP_STATUS_URL: z.url().optional(),
  WHATSAPP_APP_SECRET: z.string().min(1).optional(),
})

async function start() {
  // An empty variable, as an env file leaves it, is none.
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(given)
  if (!parsed.success) return refuseToStart(z.prettifyError(parsed.error))
  const env = parsed.data
  const statusWebhook = env.WHATSAPP_STATUS_URL &&
    env.WHATSAPP_APP_SECRET && { url: env.WHATSAPP_STATUS_URL, appSecret: env.WHATSAPP_APP_SECRET }
  const running = await Promise.all([
    startWhatsApp({
      port: env.SIM_WHATSAPP_PORT,
      ...(env.WHATSAPP_TOKEN ? { token: env.WHATSAPP_TOKEN } : {}),
      ...(statusWebhook ? { statusWebhook } : {}),
    }),
    startPaymentProvider({
      port: env.SIM_PAYMENTS_PORT,
      webhookSecret: env.PAYMENT_WEBHOOK_SECRET,
      ...(env.PAYMENT_API_KEY ? { apiKey: env.PAYMENT_API_KEY } : {}),
    }),
  ])
  const stop = () => void Promise.all(running.map(simulator => simulator.close())).then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  // A parent that was killed sends no signal; its closed channel is all that tells.
  process.once('disconnect', stop)
  const [whatsapp, payments] = running
  const ready = { ready: true, whatsapp: whatsapp.url, payments: payments.url }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
  process.send?.(ready)
}

function refuseToStart(reason: string) {
  process.stderr.write(`The simulators cannot start: ${reason.replaceAll('\n', ' ')}\n`)
  process.exitCode = 1
}

await start().catch((error: unknown) => {
  refuseToStart(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
