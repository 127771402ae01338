import { z } from 'zod'

/** Of every answer only what the demo uses. Amounts are rupiah. */
const count = z.int()
const time = z.iso.datetime()

export const loginShape = z.object({ accessToken: z.string() })
export const tripShape = z.object({ id: z.string(), title: z.string(), orderCount: count })
export const productShape = z.object({
  id: z.string(),
  title: z.string(),
  price: z.number(),
  stock: count.nullable(),
})
export type Product = z.infer<typeof productShape>

export const checkoutShape = z.object({
  orderId: z.string(),
  orderCode: z.string(),
  dpAmount: z.number(),
  uploadToken: z.string(),
})
export const passShape = z.object({ pass: z.string() })
export const linkShape = z.object({ paymentLink: z.string() })
export const acceptedShape = z.object({ status: z.string(), remainingAmount: z.number() })
export const anything = z.unknown()

export const headShape = z.object({
  id: z.string(),
  tripId: z.string(),
  status: z.string(),
  refundStatus: z.string(),
  deadlineAt: time.nullable(),
})
export type Head = z.infer<typeof headShape>

export const orderShape = headShape.extend({
  version: count,
  events: z.array(z.object({ version: count, status: z.string() })),
  payments: z.array(z.object({ provider: z.string(), status: z.string(), receivedAmount: z.number().nullable() })),
})
export const statusShape = z.object({ status: z.string(), version: count })
export const refundShape = z.object({ provider: z.string(), status: z.string(), amount: z.number() })

export const jobShape = z.object({ id: z.string(), kind: z.string(), state: z.string(), attempts: count })
export type Job = z.infer<typeof jobShape>

const kindCounts = z.object({
  kind: z.string(),
  queued: count,
  delayed: count,
  retrying: count,
  processing: count,
  completed: count,
  failed: count,
  dead: count.describe('open dead letters'),
})
export type KindCounts = z.infer<typeof kindCounts>
export const statsShape = z.object({ byKind: z.array(kindCounts), timestamp: time })
export type Stats = z.infer<typeof statsShape>

export const healthShape = z.object({
  overall: z.string(),
  reasons: z.array(z.string()),
  workers: z.array(z.object({ state: z.string() })),
})
export const letterShape = z.object({ id: z.string(), kind: z.string(), error: z.string().nullable() })
export const redrivenShape = z.object({ redriven: count })
