import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import express from 'express'
import { pino } from 'pino'
import { type Hot, hotStatusReaction } from '../hot/index.ts'
import { advance, createOrder, defineFlow } from '../orders/index.ts'
import { type StatusRouteDeps, statusRoutes } from '../orders/status-routes.ts'
import { type Actor, publicActor, systemActor } from '../platform/actor.ts'
import { newId } from '../platform/ids.ts'
import { answerProblem } from '../platform/send-problem.ts'
import { serveRoutes } from '../platform/serve-route.ts'
import { inTransaction, type Tx } from '../platform/tx.ts'
import type { TestDatabase } from './database.ts'

const log = pino({ level: 'silent' })

export const parcelFlow = defineFlow('parcel', {
  statuses: { packed: {}, sent: {}, arrived: { closes: true } },
  transitions: {
    send: { from: ['packed'], to: 'sent' },
    scan: { from: ['sent'], to: 'same' },
    arrive: { from: ['sent'], to: 'arrived' },
  },
})

/** Seen by its owner and by a pass for it. */
const page = {
  flow: 'parcel',
  mayView: (actor: Actor, order: { id: string; ownerId: string | null }) =>
    actor.kind === 'user' ? actor.id === order.ownerId : actor.kind === 'pass' && actor.orderId === order.id,
  view: async () => ({}),
  list: async () => [],
}

/** One API process: its own hot, its own server. */
export async function startOrderApi(database: TestDatabase, hot: Hot, change: Partial<StatusRouteDeps> = {}) {
  const stopping = new AbortController()
  const deps: StatusRouteDeps = {
    db: database.db,
    hot,
    flowPages: new Map([['parcel', page]]),
    stopping: stopping.signal,
    log,
    config: { RATE_LIMIT_FACTOR: 1 },
    ...change,
  }
  const app = express()
  app.use(serveRoutes(deps, statusRoutes, async (_, req) => actorOf(req.get('X-Test-User'), req.get('X-Test-Pass'))))
  app.use(answerProblem)
  const server: Server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => stopping.abort(),
    close: async () => {
      stopping.abort()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function actorOf(user: string | undefined, pass: string | undefined): Actor {
  if (user) return { kind: 'user', id: user, role: 'jastiper' }
  if (pass) return { kind: 'pass', orderId: pass, guestId: newId(), tokenId: newId(), readOnly: true }
  return publicActor
}

export type OrderApi = Awaited<ReturnType<typeof startOrderApi>>

/** Creates and moves orders as a worker would, telling the given hot. */
export const shop = (database: TestDatabase, hot: Hot, owner: string) => {
  const jobs = { insert: async () => undefined, wake: () => undefined }
  const within = <T>(fn: (tx: Tx) => Promise<T>) =>
    inTransaction({ db: database.db, jobs, reactions: [hotStatusReaction(hot)], log }, systemActor('test'), fn)
  return {
    within,
    create: async () => {
      const id = newId()
      const order = { id, status: 'packed', ownerId: owner, customerRef: null, currency: 'IDR', total: '1.00' } as const
      await within(tx => createOrder(tx, parcelFlow, order))
      return id
    },
    move: (id: string, transition: 'send' | 'scan' | 'arrive') =>
      within(tx => advance(tx, parcelFlow, transition, [id])),
  }
}

type Seen = { id: number; status: string; transition: string }

/** Reads a stream in the background; `seen` grows as events arrive. */
export async function watchOrder(
  api: OrderApi,
  orderId: string,
  user: string,
  headers: Record<string, string> = {},
  query = '',
) {
  const leaving = new AbortController()
  const response = await fetch(`${api.url}/api/orders/${orderId}/events${query}`, {
    headers: { 'X-Test-User': user, ...headers },
    signal: leaving.signal,
  })
  const seen: Seen[] = []
  const read = async () => {
    let text = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks.filter(part => part.startsWith('id:'))) {
        const [id, event, data] = block.split('\n').map(line => line.replace(/^\w+: /, ''))
        expect(event).toBe('status')
        const { orderId: about, version, at, ...rest } = JSON.parse(data!)
        expect({ about, version }).toEqual({ about: orderId, version: Number(id) })
        expect(new Date(at).toISOString()).toBe(at)
        seen.push({ id: Number(id), ...rest })
      }
    }
  }
  const ended = read().catch(error => {
    if (!leaving.signal.aborted) throw error
  })
  return { response, seen, ended, versions: () => seen.map(event => event.id), leave: () => leaving.abort() }
}
