import { waitFor } from './pool.ts'
import { letterShape, redrivenShape } from './shapes.ts'
import type { Stage } from './stage.ts'
import { type Story, WHATSAPP } from './stories.ts'

/** What failed on purpose and must have been made good. */
export type Outages = {
  /** Messages that WhatsApp refused for good: dead letters, redriven by ops. */
  redriven: number
  /** Calls that failed and were made again. */
  messagesRetried: number
  refundsRetried: number
}

/** So few that each strikes another job: one that fails again waits 30 s. */
export type Strikes = { messages: number; refunds: number }

/** How often what fails, for so many buyers. */
export const strikesFor = (stories: readonly Story[]): Strikes => ({
  messages: Math.min(5, Math.floor(stories.length / 10)),
  refunds: Math.min(3, stories.filter(story => story.dp === 'late').length),
})

const LETTER_LIMIT_SECONDS = 20

/**
 * WhatsApp refuses one message for good; ops finds it among the dead letters and sends it again. Then it fails a few
 * times as a server does. `since` is the beginning of this run. Returns how many letters were redriven.
 */
export async function disturbWhatsapp(stage: Stage, since: string, strikes: Strikes): Promise<number> {
  const { api, ops, simulators } = stage
  await simulators.whatsapp.failNext('error-400', 1)
  const path = `/api/monitoring/dead-letters?kind=${WHATSAPP}&from=${encodeURIComponent(since)}`
  const ids = await waitFor('a dead letter of the refused message', LETTER_LIMIT_SECONDS, async () => {
    const letters = await api.list(letterShape, path, { token: ops })
    return letters.length > 0 ? letters.map(letter => letter.id) : undefined
  })
  const { redriven } = await api.post(redrivenShape, '/api/monitoring/dead-letters/redrive', {
    token: ops,
    body: { ids },
  })
  await simulators.whatsapp.failNext('error-500', strikes.messages)
  return redriven
}

/** The payment provider fails a few times; only refunds may call it from now on. */
export const disturbRefunds = (stage: Stage, strikes: Strikes): Promise<void> =>
  stage.simulators.payments.failNext('error-500', strikes.refunds)

/** How many calls were struck. From now on nothing fails any more. */
export async function endOutages({ simulators }: Stage, redriven: number, strikes: Strikes): Promise<Outages> {
  const [messagesLeft, refundsLeft] = await Promise.all([simulators.whatsapp.left(), simulators.payments.left()])
  await Promise.all([simulators.whatsapp.reset(), simulators.payments.reset()])
  return { redriven, messagesRetried: strikes.messages - messagesLeft, refundsRetried: strikes.refunds - refundsLeft }
}
