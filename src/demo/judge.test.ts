import type { SeenOrder, SeenServer } from './inspect-server.ts'
import { judgeJobs } from './judge-jobs.ts'
import { differencesOf, judgeOrders, type Told } from './judge-orders.ts'
import { judgeSums } from './judge-sums.ts'
import { differenceLines, resultLines, resultOf } from './result.ts'
import type { Job, KindCounts, Product, Stats } from './shapes.ts'
import { paintFor } from './show.ts'
import { REFUND, RELEASE, STORIES, WHATSAPP } from './stories.ts'

const story = STORIES.find(each => each.name === 'pays by link and is rejected')!
const wares: Product = { id: 'p1', title: 'Matcha', price: 85_000, stock: 10 }
const buyer = {
  story,
  code: 'JST-1',
  orderId: 'o1',
  dp: 20_000,
  remaining: 0,
  troubles: [],
  linkToken: '',
  pass: '',
  lateLink: '',
  customer: { name: 'Ani', phone: '+62812', items: [{ productId: 'p1', quantity: 2 }] },
}
const outages = { redriven: 1, messagesRetried: 2, refundsRetried: 1 }

const job = (kind: string, state = 'completed', attempts = 1): Job => ({
  id: `${kind}-${attempts}`,
  kind,
  state,
  attempts,
})

const order = (change: Partial<SeenOrder> = {}): SeenOrder => ({
  status: 'refunded',
  version: 4,
  refundStatus: 'done',
  events: [1, 2, 3, 4],
  live: { status: 'refunded', version: 4 },
  refunds: [{ provider: 'gateway', status: 'succeeded', amount: 20_000 }],
  jobs: [job(REFUND), job(RELEASE), job(RELEASE)],
  messages: ['order_created', 'refunded', 'dp_received', 'rejected'],
  received: 20_000,
  returned: 20_000,
  ...change,
})

const NONE = { queued: 0, delayed: 0, retrying: 0, processing: 0, completed: 0, failed: 0, dead: 0 }
const counts = (kind: string, change: Partial<KindCounts> = {}): KindCounts => ({ kind, ...NONE, ...change })
const statsOf = (...byKind: KindCounts[]): Stats => ({ byKind, timestamp: '2026-01-01T00:00:00.000Z' })

const before = statsOf(
  counts(WHATSAPP, { completed: 100, delayed: 3 }),
  counts(REFUND, { completed: 7, failed: 1, dead: 1 }),
)
const after = [
  counts(WHATSAPP, { completed: 104, delayed: 3, failed: 1 }),
  counts(REFUND, { completed: 8, failed: 1, dead: 1 }),
  counts(RELEASE, { completed: 2 }),
  counts('orders.sweep-deadlines', { completed: 5 }),
  counts('jobs.prune'),
]
const sent = [1, 2, 2, 1].map(attempts => job(WHATSAPP, 'completed', attempts))

const server = (change: Partial<SeenServer> = {}): SeenServer => ({
  orders: new Map([['o1', order()]]),
  jobs: new Map([
    [WHATSAPP, [...sent, job(WHATSAPP, 'failed')]],
    [REFUND, [job(REFUND, 'completed', 2)]],
    [RELEASE, [job(RELEASE), job(RELEASE)]],
  ]),
  stats: statsOf(...after),
  orderCount: 1,
  stocks: new Map([['p1', 10]]),
  refundCallsAgain: 1,
  health: { overall: 'healthy', reasons: [], workers: 1 },
  ...change,
})

describe('an order', () => {
  it('is as its story ends', () => {
    expect(differencesOf(buyer, order())).toEqual([])
  })

  it.each<[string, Partial<SeenOrder>, string]>([
    [
      'another status',
      { status: 'rejected', live: { status: 'rejected', version: 4 } },
      'status is rejected, expected refunded',
    ],
    ['a refund that is still owed', { refundStatus: 'pending' }, 'refund status is pending, expected done'],
    [
      'a stale live status',
      { live: { status: 'rejected', version: 3 } },
      'live status is rejected version 3, expected refunded version 4',
    ],
    ['a gap in its events', { events: [1, 2, 4] }, 'versions of its events is 1 2 4, expected 1 2 3 4'],
    [
      'two refunds',
      { refunds: [...order().refunds, ...order().refunds] },
      'refunds is gateway succeeded 20000, gateway succeeded 20000, expected gateway succeeded 20000',
    ],
    [
      'a second refund job',
      { jobs: [...order().jobs, job(REFUND)] },
      'jobs is payment.refund completed, payment.refund completed, stock.release completed, expected payment.refund completed, stock.release completed',
    ],
    [
      'a job that died',
      { jobs: [job(REFUND, 'failed'), job(RELEASE)] },
      'jobs is payment.refund failed, stock.release completed, expected payment.refund completed, stock.release completed',
    ],
    [
      'a message twice',
      { messages: [...order().messages, 'refunded'] },
      'messages is dp_received, order_created, refunded, refunded, rejected, expected dp_received, order_created, refunded, rejected',
    ],
    ['money taken twice', { received: 40_000 }, 'received by the gateway is 40000, expected 20000'],
    ['money kept', { returned: 0 }, 'given back by the gateway is 0, expected 20000'],
  ])('differs by %s', (_what, change, difference) => {
    expect(differencesOf(buyer, order(change))).toEqual([difference])
  })

  it('that is missing is a difference, after what went wrong with its buyer', () => {
    const lost: Told = { ...buyer, troubles: ['no answer'] }
    expect(differencesOf(lost, undefined)).toEqual(['no answer', 'the server does not show the order'])
  })

  it('is counted with its story, in the order of the stories', () => {
    const neverPays = STORIES.find(each => each.name === 'never pays')!
    const buyers = [
      { ...buyer, story: neverPays, orderId: 'o3', code: 'JST-3' },
      buyer,
      { ...buyer, orderId: 'o2', code: 'JST-2' },
    ]
    const orders = new Map([
      ['o1', order()],
      ['o2', order({ status: 'rejected' })],
    ])
    const [rejected, unpaid] = judgeOrders(STORIES, buyers, orders)
    expect(rejected).toMatchObject({ orders: 2, expected: 'refunded', got: '1 refunded + 1 rejected, returned' })
    expect(rejected!.differences[0]).toBe('JST-2: status is rejected, expected refunded')
    expect(unpaid).toMatchObject({ name: 'never pays', expected: 'cancelled', got: '1 no order' })
  })
})

describe('jobs', () => {
  it('are compared by what this run added', () => {
    const rows = judgeJobs([buyer], outages, before, server())
    expect(rows.flatMap(row => row.differences)).toEqual([])
    expect(rows.map(({ kind, got, retried, died }) => [kind, got, retried, died])).toEqual([
      [WHATSAPP, '4 messages by 4 jobs', 2, 1],
      [REFUND, '1 orders by 1 job', 1, 0],
      ['order.auto-refund', '0 orders by 0 jobs', 0, 0],
      ['order.expire-dp', '0 orders by 0 jobs', 0, 0],
      [RELEASE, '1 orders by 2 jobs', 0, 0],
      ['orders.sweep-deadlines', '5 jobs', 0, 0],
    ])
  })

  const changed = (kind: string, change: Partial<KindCounts>) =>
    server({ stats: statsOf(...after.map(each => (each.kind === kind ? { ...each, ...change } : each))) })

  it.each<[string, SeenServer, string]>([
    ['a job too few', changed(REFUND, { completed: 7 }), `${REFUND}: 0 completed jobs, expected 1`],
    ['a dead letter', changed(RELEASE, { dead: 1 }), `${RELEASE}: 1 open dead letters, expected 0`],
    [
      'a job that waits for its retry',
      changed(RELEASE, { retrying: 1 }),
      `${RELEASE}: 1 jobs that still wait, expected 0`,
    ],
    [
      'a message put off to another day',
      changed(WHATSAPP, { delayed: 4 }),
      `${WHATSAPP}: 1 jobs that still wait, expected 0`,
    ],
    [
      'a sweep that died',
      changed('orders.sweep-deadlines', { failed: 1 }),
      'orders.sweep-deadlines: 1 dead jobs, expected 0',
    ],
    [
      'a list that counts otherwise',
      server({ jobs: new Map([...server().jobs, [RELEASE, [job(RELEASE)]]]) }),
      `${RELEASE}: 2 completed jobs, expected 1`,
    ],
    [
      'a retry without a reason',
      server({ jobs: new Map([...server().jobs, [REFUND, [job(REFUND, 'completed', 3)]]]) }),
      `${REFUND}: 2 retries, expected 1`,
    ],
  ])('differ by %s', (_what, seen, difference) => {
    expect(judgeJobs([buyer], outages, before, seen).flatMap(row => row.differences)).toContain(difference)
  })
})

describe('sums', () => {
  it('are the money, the stock and the orders of all', () => {
    const rows = judgeSums([buyer], [wares], outages, server({ stocks: new Map([['p1', 8]]), orderCount: 2 }))
    expect(rows).toEqual([
      { what: 'orders of the trip', expected: '1', got: '2' },
      { what: 'received by the payment provider', expected: 'Rp 20.000', got: 'Rp 20.000' },
      { what: 'given back by it', expected: 'Rp 20.000', got: 'Rp 20.000' },
      { what: 'refunds asked for again after a failure', expected: '1', got: '1' },
      { what: 'stock of Matcha', expected: '10', got: '8' },
    ])
  })

  it('count what paid buyers keep', () => {
    const paid = { ...buyer, story: STORIES[0]! }
    expect(judgeSums([paid], [wares], outages, server()).at(-1)).toMatchObject({ expected: '8' })
  })
})

describe('the result', () => {
  const stage = { goods: wares, scarce: { ...wares, id: 'p2', title: 'Sneakers', stock: 0 } }
  const seen = server({
    stocks: new Map([
      ['p1', 10],
      ['p2', 0],
    ]),
  })
  const played = {
    buyers: [buyer],
    mistakes: [{ what: 'accepting twice', expected: '409 order_wrong_state', got: '409 order_wrong_state' }],
    outages,
    troubles: [],
  }

  it('has no difference when all is as it was played', () => {
    const result = resultOf(stage, played, before, seen)
    expect(result.differences).toEqual([])
    expect(resultLines(result, outages, seen, paintFor(false)).join('\n')).not.toContain('DIFFERS')
  })

  it('marks and lists what differs, whatever it is', () => {
    const mistakes = [{ what: 'accepting twice', expected: '409 order_wrong_state', got: '200' }]
    const wrong = { ...seen, orders: new Map([['o1', order({ returned: 0 })]]) }
    const result = resultOf(stage, { ...played, mistakes, troubles: ['too slow'] }, before, wrong)
    expect(result.differences).toEqual([
      'too slow',
      'JST-1: given back by the gateway is 0, expected 20000',
      'given back by it: Rp 0, expected Rp 20.000',
      'accepting twice: 200, expected 409 order_wrong_state',
    ])
    const text = resultLines(result, outages, wrong, paintFor(false)).join('\n')
    expect(text.match(/DIFFERS/g)).toHaveLength(3)
    expect(differenceLines(result)).toHaveLength(4)
  })
})
