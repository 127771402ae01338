import { z } from 'zod'

const moment = z.iso.datetime()
const momentOrNull = moment.nullable()
const rupiah = z.number()
const label = z.object({ id: z.string(), en: z.string() })
const jastiper = z.object({ name: z.string(), slug: z.string().nullable() })

const tripFields = {
  id: z.uuid(),
  slug: z.string(),
  title: z.string(),
  description: z.string().nullable(),
  isActive: z.boolean(),
  isOpen: z.boolean(),
  startDate: z.iso.date().nullable(),
  deadline: momentOrNull,
  paymentType: z.enum(['full', 'dp']),
  dpPercentage: z.number(),
  finalPaymentHours: z.number().int().nullable(),
  createdAt: moment,
}

/** A trip as its owner sees it. */
export const tripShape = z.object({
  ...tripFields,
  updatedAt: moment,
  productCount: z.number().int(),
  orderCount: z.number().int(),
})

/** A trip as buyers see it. */
export const publicTripShape = z.object({ ...tripFields, jastiper })

const productFields = {
  id: z.uuid(),
  tripId: z.uuid(),
  slug: z.string(),
  title: z.string(),
  description: z.string().nullable(),
  price: rupiah,
  type: z.enum(['goods', 'tasks']),
  stock: z.number().int().nullable(),
  isUnlimitedStock: z.boolean(),
  unit: z.string().nullable(),
  weightGram: z.number().int().nullable(),
  markupType: z.enum(['percent', 'flat']),
  markupValue: z.number(),
  requiresDetails: z.boolean(),
  requiresProof: z.boolean(),
}

export const publicProductShape = z.object(productFields)
export const productShape = z.object({
  ...productFields,
  status: z.enum(['active', 'inactive']),
  createdAt: moment,
  updatedAt: moment,
})

export const checkoutShape = z.object({
  orderId: z.uuid(),
  orderCode: z.string(),
  subtotal: rupiah,
  dpAmount: rupiah,
  dpDeadline: momentOrNull,
  finalPaymentHours: z.number().int().nullable(),
  uploadToken: z.string(),
  uploadLink: z.string(),
  bankAccount: z.object({ bankName: z.string(), accountNumber: z.string(), accountHolderName: z.string() }).nullable(),
})

const line = z.object({ item: z.string(), quantity: z.number().int(), price: rupiah, subtotal: rupiah, markup: rupiah })

export const breakdownShape = z.object({
  rulesVersion: z.literal(1),
  currency: z.string(),
  lines: z.array(line),
  subtotal: rupiah,
  markup: rupiah,
  taskFee: rupiah,
  shippingFee: rupiah,
  serviceFee: rupiah,
  commissionRate: z.number(),
  platformCommission: rupiah,
  totalFinal: rupiah,
  dpAmount: rupiah,
  remainingAmount: rupiah,
})

const item = z.object({
  id: z.uuid(),
  productId: z.uuid(),
  title: z.string(),
  type: z.enum(['goods', 'tasks']),
  price: rupiah,
  quantity: z.number().int(),
  subtotal: rupiah,
  weightGram: z.number().int().nullable(),
  markupType: z.enum(['percent', 'flat']),
  markupValue: z.number(),
  note: z.string().nullable(),
})

const payment = z.object({
  id: z.uuid(),
  kind: z.enum(['dp', 'final']),
  provider: z.enum(['gateway', 'transfer']),
  amount: rupiah,
  receivedAmount: rupiah.nullable(),
  status: z.string(),
  paymentLink: z.string().nullable(),
  expiresAt: momentOrNull,
  createdAt: moment,
})

const proof = z.object({
  id: z.uuid(),
  kind: z.enum(['dp', 'final']),
  contentType: z.string(),
  bytes: z.number().int(),
  createdAt: moment,
  url: z.string(),
})

const event = z.object({
  version: z.number().int(),
  transition: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  actorKind: z.string(),
  at: moment,
})

/** What a list shows of an order. */
const orderHeadShape = z.object({
  id: z.uuid(),
  code: z.string(),
  flow: z.literal('jastip'),
  status: z.string(),
  statusLabel: label,
  version: z.number().int(),
  currency: z.string(),
  buyerName: z.string(),
  tripId: z.uuid(),
  subtotal: rupiah,
  dpPercent: z.number(),
  dpAmount: rupiah,
  totalFinal: rupiah.nullable(),
  remainingAmount: rupiah.nullable(),
  refundStatus: z.enum(['none', 'pending', 'failed', 'done']),
  finalPaymentHours: z.number().int().nullable(),
  deadlineAt: momentOrNull,
  dpPaidAt: momentOrNull,
  validatedAt: momentOrNull,
  finalPaidAt: momentOrNull,
  finalValidatedAt: momentOrNull,
  shippedAt: momentOrNull,
  createdAt: moment,
  updatedAt: moment,
  closedAt: momentOrNull,
})

export const orderShape = orderHeadShape.extend({
  trip: z.object({ id: z.uuid(), title: z.string(), slug: z.string() }),
  jastiper,
  buyer: z.object({ name: z.string(), phone: z.string().optional() }),
  shippingAddress: z.record(z.string(), z.unknown()).nullable(),
  notes: z.string().nullable(),
  items: z.array(item),
  breakdown: breakdownShape.nullable(),
  rejectionReason: z.string().nullable(),
  courier: z.string().nullable(),
  trackingNumber: z.string().nullable(),
  payments: z.array(payment),
  proofs: z.array(proof),
  events: z.array(event),
})

export const refundShape = z.object({
  id: z.uuid(),
  paymentId: z.uuid(),
  amount: rupiah,
  reason: z.string(),
  provider: z.enum(['gateway', 'transfer']),
  status: z.enum(['pending', 'succeeded', 'failed', 'void']),
  reference: z.string().nullable(),
  attempts: z.number().int(),
  createdAt: moment,
  updatedAt: moment,
})

export const paymentLinkShape = z.object({ paymentId: z.uuid(), paymentLink: z.string(), expiresAt: moment })
export const webhookShape = z.object({ processed: z.boolean(), duplicate: z.boolean() })
