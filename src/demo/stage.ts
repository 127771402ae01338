import type { Api } from './api.ts'
import type { Product } from './shapes.ts'
import type { Simulators } from './simulators.ts'

/** The server, the people who work there, and the trip on which everything happens. */
export type Stage = {
  api: Api
  simulators: Simulators
  /** Access tokens. */
  seller: string
  otherSeller: string
  ops: string
  trip: { id: string; title: string }
  goods: Product
  unlimited: Product
  task: Product
  /** So few pieces that not everybody gets one. */
  scarce: Product
}

/** Seconds for the down payment and for the seller's answer on the demo trip. */
export const DEADLINE_SECONDS = 20
