import { z } from 'zod'
import { type Api, describeAnswer } from './api.ts'
import { failure } from './failure.ts'
import { loginShape, type Product, productShape, tripShape } from './shapes.ts'
import type { Simulators } from './simulators.ts'
import { DEADLINE_SECONDS, type Stage } from './stage.ts'

/** Of every demo account; `npm start` shows it. */
const PASSWORD = 'demo-password-1'

/** Logs in and opens a trip with products. @throws a failure when the server has no demo data */
export async function openStage(api: Api, simulators: Simulators, scarcePieces: number): Promise<Stage> {
  const [seller, otherSeller, ops] = await Promise.all([
    logIn(api, 'jastiper@demo.antre'),
    logIn(api, 'jastiper2@demo.antre'),
    logIn(api, 'ops@demo.antre'),
  ])
  const trip = await openTrip(api, seller)
  const sell = (product: object): Promise<Product> =>
    api.post(productShape, '/api/products', { token: seller, body: { tripId: trip.id, ...product } })
  const [goods, unlimited, task, scarce] = await Promise.all([
    sell({ title: 'Matcha chocolate', price: 85_000, stock: 100_000, markupType: 'percent', markupValue: 12.5 }),
    sell({ title: 'Phone charm', price: 49_999, isUnlimitedStock: true, markupType: 'flat', markupValue: 5_000 }),
    sell({ title: 'Queue at the toy shop', price: 125_000, type: 'tasks', requiresDetails: true }),
    sell({ title: 'Limited sneakers', price: 1_850_000, stock: scarcePieces, markupType: 'percent', markupValue: 10 }),
  ])
  return { api, simulators, seller, otherSeller, ops, trip, goods, unlimited, task, scarce }
}

async function logIn(api: Api, email: string): Promise<string> {
  const answer = await api.call('POST', '/api/auth/login', { body: { email, password: PASSWORD } })
  const login = z.object({ data: loginShape }).safeParse(answer.body)
  if (login.success) return login.data.data.accessToken
  throw failure(
    `${email} cannot log in at ${api.url} (${describeAnswer(answer)}): the demo needs a server with demo data, started by npm start or npm start -- --demo`,
  )
}

async function openTrip(api: Api, seller: string): Promise<Stage['trip']> {
  const title = `Demo ${new Date().toISOString().slice(0, 19).replace('T', ' ')}`
  const demoDeadlines = { dpSeconds: DEADLINE_SECONDS, validationSeconds: DEADLINE_SECONDS }
  return await api.post(tripShape, '/api/trips', { token: seller, body: { title, dpPercentage: 20, demoDeadlines } })
}
