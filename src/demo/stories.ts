/** How a buyer pays the down payment. `late`: through a link of the gateway, after the order was cancelled. */
type DownPayment = 'link' | 'proof' | 'late' | 'cancels' | 'never'
/** What the seller does with the order. */
type Judgement = 'accepts' | 'rejects' | 'says it never came' | 'ignores' | 'none'
/** How the buyer pays the rest. `refused`: by a proof that does not convince the seller. */
type Rest = 'link' | 'proof' | 'refused' | 'none'

/** What one kind of buyer goes through, and what must have become of the order when everything has settled. */
export type Story = {
  name: string
  /** Out of 200. */
  share: number
  dp: DownPayment
  judgement: Judgement
  rest: Rest
  status: string
  refundStatus: 'none' | 'pending' | 'done'
  /** Of the order's only refund; no refund: null. */
  refund: { through: 'gateway' | 'seller'; status: 'succeeded' | 'pending' } | null
  keepsStock: boolean
  /** Templates of the WhatsApp messages to the buyer: never above the daily limit of five. */
  messages: readonly string[]
  /** Kinds of jobs beside its messages that must have named the order; every other kind must not. */
  jobs: readonly string[]
}

export const REFUND = 'payment.refund'
export const AUTO_REFUND = 'order.auto-refund'
export const EXPIRE_DP = 'order.expire-dp'
export const RELEASE = 'stock.release'
export const WHATSAPP = 'notification.send-whatsapp'

const paid = {
  judgement: 'accepts',
  status: 'paid',
  refundStatus: 'none',
  refund: null,
  keepsStock: true,
  messages: ['order_created', 'dp_received', 'accepted', 'final_received', 'paid'],
  jobs: [],
} as const
const unpaid = {
  judgement: 'accepts',
  status: 'awaiting_final_payment',
  refundStatus: 'none',
  refund: null,
  keepsStock: true,
  jobs: [],
} as const
const refused = { status: 'refunded', refundStatus: 'done', keepsStock: false, rest: 'none' } as const
const ended = { judgement: 'none', status: 'cancelled', keepsStock: false, rest: 'none' } as const
const nothingOwed = { refundStatus: 'none', refund: null } as const
const TURNED_DOWN = ['order_created', 'dp_received', 'rejected']
const returned = { through: 'gateway', status: 'succeeded' } as const
const owed = { through: 'seller', status: 'pending' } as const

export const STORIES: readonly Story[] = [
  { ...paid, name: 'pays all of it by link', share: 40, dp: 'link', rest: 'link' },
  { ...paid, name: 'pays all of it by transfer', share: 40, dp: 'proof', rest: 'proof' },
  {
    ...unpaid,
    name: 'is accepted, has not paid the rest yet',
    share: 20,
    dp: 'proof',
    rest: 'none',
    messages: ['order_created', 'dp_received', 'accepted'],
  },
  {
    ...unpaid,
    name: 'sends a bad proof for the rest',
    share: 6,
    dp: 'proof',
    rest: 'refused',
    messages: ['order_created', 'dp_received', 'accepted', 'final_received', 'final_rejected'],
  },
  {
    ...refused,
    name: 'pays by link and is rejected',
    share: 20,
    dp: 'link',
    judgement: 'rejects',
    refund: returned,
    messages: [...TURNED_DOWN, 'refunded'],
    jobs: [REFUND, RELEASE],
  },
  {
    ...refused,
    name: 'pays by transfer and is rejected',
    share: 10,
    dp: 'proof',
    judgement: 'rejects',
    refund: { through: 'seller', status: 'succeeded' },
    messages: [...TURNED_DOWN, 'refunded'],
    jobs: [REFUND, RELEASE],
  },
  {
    ...refused,
    ...nothingOwed,
    name: 'claims a transfer that never came',
    share: 6,
    dp: 'proof',
    judgement: 'says it never came',
    status: 'rejected',
    messages: TURNED_DOWN,
    jobs: [RELEASE],
  },
  {
    ...refused,
    name: 'pays by link and is ignored',
    share: 20,
    dp: 'link',
    judgement: 'ignores',
    refund: returned,
    messages: [...TURNED_DOWN, 'refunded'],
    jobs: [AUTO_REFUND, REFUND, RELEASE],
  },
  {
    ...refused,
    name: 'pays by transfer and is ignored',
    share: 10,
    dp: 'proof',
    judgement: 'ignores',
    status: 'rejected',
    refundStatus: 'pending',
    refund: owed,
    messages: TURNED_DOWN,
    jobs: [AUTO_REFUND, REFUND, RELEASE],
  },
  {
    ...ended,
    ...nothingOwed,
    name: 'never pays',
    share: 20,
    dp: 'never',
    messages: ['order_created', 'expired'],
    jobs: [EXPIRE_DP, RELEASE],
  },
  {
    ...ended,
    ...nothingOwed,
    name: 'calls it off before paying',
    share: 4,
    dp: 'cancels',
    messages: ['order_created', 'cancelled'],
    jobs: [RELEASE],
  },
  {
    ...ended,
    name: 'pays after the order was cancelled',
    share: 4,
    dp: 'late',
    refundStatus: 'done',
    refund: returned,
    messages: ['order_created', 'expired', 'refunded'],
    jobs: [EXPIRE_DP, REFUND, RELEASE],
  },
]

/** The stories that so many buyers play: each at least once, the rest by their shares. */
export function castStories(buyers: number, stories: readonly Story[] = STORIES): Story[] {
  const shares = stories.reduce((sum, story) => sum + story.share, 0)
  const spare = buyers - stories.length
  const exact = stories.map(story => Math.max(0, (story.share / shares) * buyers - 1))
  const weight = exact.reduce((sum, each) => sum + each, 0)
  const wanted = exact.map(each => (weight === 0 ? 0 : (each / weight) * spare))
  const counts = wanted.map(Math.floor)
  const missing = spare - counts.reduce((sum, each) => sum + each, 0)
  const byRemainder = wanted.map((each, n) => ({ n, rest: each % 1 })).sort((a, b) => b.rest - a.rest)
  const raised = new Set(byRemainder.slice(0, missing).map(({ n }) => n))
  return stories.flatMap((story, n) => Array<Story>(1 + (counts[n] ?? 0) + (raised.has(n) ? 1 : 0)).fill(story))
}

/** Whether nobody acts on the order any more, so that a deadline has to end it. */
export const isLeftToItsDeadline = ({ dp, judgement }: Story): boolean =>
  dp === 'never' || dp === 'late' || judgement === 'ignores'
