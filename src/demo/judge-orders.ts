import type { SeenOrder } from './inspect-server.ts'
import type { Job } from './shapes.ts'
import { RELEASE, type Story, WHATSAPP } from './stories.ts'

/** What is compared of a buyer. */
export type Told = {
  story: Story
  code: string
  orderId: string
  dp: number
  remaining: number
  troubles: readonly string[]
}

export type StoryRow = { name: string; orders: number; expected: string; got: string; differences: string[] }

const UNKNOWN = 'no order'

/** One row per story, in their order; a difference is a sentence that names the order. */
export function judgeOrders(
  stories: readonly Story[],
  buyers: readonly Told[],
  orders: ReadonlyMap<string, SeenOrder>,
): StoryRow[] {
  const byStory = Map.groupBy(buyers, buyer => buyer.story)
  return stories.flatMap(story => {
    const played = byStory.get(story) ?? []
    if (played.length === 0) return []
    const shown = played.map(({ orderId }) => shortStatus(orders.get(orderId)))
    const differences = played.flatMap(told =>
      differencesOf(told, orders.get(told.orderId)).map(difference => `${told.code || 'a buyer'}: ${difference}`),
    )
    return [
      { name: story.name, orders: played.length, expected: shortStatus(story), got: countAll(shown), differences },
    ]
  })
}

/** Everything in which the order is not as its story ends. */
export function differencesOf(told: Told, seen: SeenOrder | undefined): string[] {
  if (seen === undefined) return [...told.troubles, 'the server does not show the order']
  const { story } = told
  const compared: [string, unknown, unknown][] = [
    ['status', story.status, seen.status],
    ['refund status', story.refundStatus, seen.refundStatus],
    ['live status', `${seen.status} version ${seen.version}`, `${seen.live.status} version ${seen.live.version}`],
    ['versions of its events', upTo(seen.version), seen.events.join(' ')],
    ['refunds', refundsOf(told), seen.refunds.map(shortRefund).join(', ') || 'none'],
    ['jobs', jobsOf(story), shortJobs(seen.jobs)],
    ['messages', sorted(story.messages), sorted(seen.messages)],
    ['received by the gateway', receivedOf(told), seen.received],
    ['given back by the gateway', returnedOf(told), seen.returned],
  ]
  const differing = compared.filter(([, expected, got]) => expected !== got)
  return [...told.troubles, ...differing.map(([what, expected, got]) => `${what} is ${got}, expected ${expected}`)]
}

export const receivedOf = ({ story, dp, remaining }: Told): number =>
  (story.dp === 'link' || story.dp === 'late' ? dp : 0) + (story.rest === 'link' ? remaining : 0)

export const returnedOf = ({ story, dp }: Told): number => (story.refund?.through === 'gateway' ? dp : 0)

function refundsOf({ story: { refund }, dp: amount }: Told): string {
  if (refund === null) return 'none'
  return shortRefund({ provider: refund.through === 'gateway' ? 'gateway' : 'transfer', status: refund.status, amount })
}

const shortRefund = ({ provider, status, amount }: { provider: string; status: string; amount: number }): string =>
  `${provider} ${status} ${amount}`

/** Each kind once. Stock may be released again by whoever finds it due: the job is idempotent. */
const jobsOf = ({ jobs }: Story): string => sorted(jobs.map(kind => `${kind} completed`)) || 'none'

function shortJobs(jobs: readonly Job[]): string {
  // The order's messages are compared with what WhatsApp received of them.
  const shown = jobs.filter(({ kind }) => kind !== WHATSAPP).map(({ kind, state }) => `${kind} ${state}`)
  const released = `${RELEASE} completed`
  const others = shown.filter(each => each !== released)
  return sorted(shown.includes(released) ? [...others, released] : others) || 'none'
}

const sorted = (words: readonly string[]): string => words.toSorted().join(', ')
const upTo = (version: number): string => Array.from({ length: version }, (_, n) => n + 1).join(' ')

const REFUND_WORDS: Readonly<Record<string, string>> = { done: 'returned', pending: 'owed', failed: 'refund failed' }

/** Such as `cancelled, returned`. */
function shortStatus(order: { status: string; refundStatus: string } | undefined): string {
  if (order === undefined) return UNKNOWN
  const { status, refundStatus } = order
  const words = status === 'refunded' && refundStatus === 'done' ? undefined : REFUND_WORDS[refundStatus]
  return words === undefined ? status : `${status}, ${words}`
}

/** Such as `38 paid + 2 awaiting_final_payment`. */
function countAll(words: readonly string[]): string {
  return [...Map.groupBy(words, word => word)].map(([word, same]) => `${same.length} ${word}`).join(' + ')
}
