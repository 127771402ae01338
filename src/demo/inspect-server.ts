import type { Buyer } from './buyer.ts'
import { inPool } from './pool.ts'
import { OUR_KINDS, readStats } from './server-state.ts'
import {
  healthShape,
  type Job,
  jobShape,
  orderShape,
  productShape,
  refundShape,
  type Stats,
  statusShape,
  tripShape,
} from './shapes.ts'
import type { Ledger, Message } from './simulators.ts'
import type { Stage } from './stage.ts'

/** One order as the server, the payment provider and WhatsApp know it. */
export type SeenOrder = {
  status: string
  version: number
  refundStatus: string
  /** Versions of its events, in order. */
  events: number[]
  /** What the live status says. */
  live: { status: string; version: number }
  refunds: { provider: string; status: string; amount: number }[]
  /** Every job that names the order. */
  jobs: Job[]
  /** Templates of the messages that reached the buyer. */
  messages: string[]
  /** What went through the gateway, in rupiah. */
  received: number
  returned: number
}

export type SeenServer = {
  /** By order id; an order that could not be read is missing. */
  orders: Map<string, SeenOrder>
  /** Every job of this run, by kind. */
  jobs: Map<string, Job[]>
  stats: Stats
  orderCount: number
  stocks: Map<string, number | null>
  /** Calls of the payment provider beyond the first, over all our refunds. */
  refundCallsAgain: number
  health: { overall: string; reasons: string[]; workers: number }
}

const WIDTH = 8

/** Asks the server about everything that was played. `since`: the beginning, on the server's clock. */
export async function inspectServer(
  stage: Stage,
  buyers: readonly Buyer[],
  since: string,
  report: (done: number) => void,
): Promise<SeenServer> {
  const { api, simulators, seller, ops, trip } = stage
  const [ledger, messages] = await Promise.all([simulators.ledger(), simulators.messages()])
  const orders = new Map<string, SeenOrder>()
  await inPool(
    buyers.filter(buyer => buyer.orderId !== ''),
    WIDTH,
    async buyer => {
      orders.set(buyer.orderId, await inspectOrder(stage, buyer, ledger, messages))
      report(orders.size)
    },
  )
  const products = await api.list(productShape, `/api/products?tripId=${trip.id}`, { token: seller })
  const health = await api.get(healthShape, '/api/monitoring/queue/health', { token: ops })
  const jobs = new Map<string, Job[]>()
  for (const kind of OUR_KINDS) jobs.set(kind, await listJobs(stage, `kind=${kind}&from=${encodeURIComponent(since)}`))
  return {
    orders,
    jobs,
    stats: await readStats(stage),
    orderCount: (await api.get(tripShape, `/api/trips/${trip.id}`, { token: seller })).orderCount,
    stocks: new Map(products.map(({ id, stock }) => [id, stock])),
    refundCallsAgain: countCallsAgain(ledger, orders),
    health: { ...health, workers: health.workers.filter(worker => worker.state === 'alive').length },
  }
}

async function inspectOrder(stage: Stage, buyer: Buyer, ledger: Ledger, messages: Message[]): Promise<SeenOrder> {
  const { api, seller: token } = stage
  const path = `/api/orders/${buyer.orderId}`
  const [order, live, refunds, jobs] = await Promise.all([
    api.get(orderShape, path, { token }),
    api.get(statusShape, `${path}/status`, { token }),
    api.list(refundShape, `${path}/refunds`, { token }),
    listJobs(stage, `orderId=${buyer.orderId}`),
  ])
  const { status, version, refundStatus, events } = order
  return {
    status,
    version,
    refundStatus,
    events: events.map(event => event.version),
    live,
    refunds,
    jobs,
    messages: messages.filter(({ to }) => to === buyer.customer.phone).map(({ template }) => template),
    ...moneyOf(ledger, buyer.orderId),
  }
}

const listJobs = ({ api, ops }: Stage, query: string): Promise<Job[]> =>
  api.list(jobShape, `/api/monitoring/jobs?${query}`, { token: ops })

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0)

function moneyOf(ledger: Ledger, orderId: string): { received: number; returned: number } {
  const payments = ledger.payments.filter(({ reference }) => reference === orderId)
  const ids = new Set(payments.map(payment => payment.payment_id))
  const refunds = ledger.refunds.filter(({ payment_id, status }) => ids.has(payment_id ?? '') && status === 'succeeded')
  return { received: sum(payments.map(each => each.received)), returned: sum(refunds.map(each => each.amount)) }
}

function countCallsAgain(ledger: Ledger, orders: ReadonlyMap<string, SeenOrder>): number {
  const ours = new Set(ledger.payments.filter(({ reference }) => orders.has(reference)).map(each => each.payment_id))
  return sum(ledger.refunds.filter(({ payment_id }) => ours.has(payment_id ?? '')).map(({ calls }) => calls - 1))
}
