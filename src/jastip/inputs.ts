import { z } from 'zod'
import { SLUG } from '../platform/slug.ts'

const MAX_RUPIAH = 100_000_000_000
const MAX_STOCK = 1_000_000_000

const text = (min: number, max: number) => z.string().trim().min(min).max(max)
const slug = z.string().regex(SLUG, 'needs 3 to 30 of a–z, 0–9, _ and -')
const day = z.iso.date()
const moment = z.iso.datetime({ offset: true }).transform(value => new Date(value))
/** At most two decimals. */
const percent = (min: number) => z.number().min(min).max(100).multipleOf(0.01)
const seconds = z.number().int().min(1).max(86_400)

export const idParams = z.object({ id: z.uuid() })
export type IdParams = z.infer<typeof idParams>
export const orderParams = z.object({ orderId: z.uuid() })
export type OrderParams = z.infer<typeof orderParams>

export const newTrip = z.strictObject({
  title: text(3, 255),
  slug: slug.optional(),
  description: text(0, 5_000).optional(),
  startDate: day.optional(),
  deadline: moment.optional(),
  paymentType: z.enum(['full', 'dp']).default('dp'),
  dpPercentage: percent(1).default(20),
  finalPaymentHours: z.number().int().min(1).max(720).nullable().optional(),
  isActive: z.boolean().default(true),
  demoDeadlines: z.strictObject({ dpSeconds: seconds.optional(), validationSeconds: seconds.optional() }).optional(),
})

export const tripChange = z.strictObject({
  title: text(3, 255).optional(),
  slug: slug.optional(),
  description: text(0, 5_000).nullable().optional(),
  startDate: day.nullable().optional(),
  deadline: moment.nullable().optional(),
  paymentType: z.enum(['full', 'dp']).optional(),
  dpPercentage: percent(1).optional(),
  finalPaymentHours: z.number().int().min(1).max(720).nullable().optional(),
  isActive: z.boolean().optional(),
})

/** Whether rupiah are whole is judged by the commands, which name the field with a code of its own. */
const rupiah = (min: number, max = MAX_RUPIAH) => z.number().min(min).max(max)
const pieces = z.number().int().min(0).max(MAX_STOCK)
const markupType = z.enum(['percent', 'flat'])

const productFields = {
  title: text(1, 255),
  slug,
  description: text(0, 5_000),
  price: rupiah(1),
  status: z.enum(['active', 'inactive']),
  unit: text(1, 40),
  weightGram: z.number().int().min(1).max(1_000_000),
  markupType,
  markupValue: rupiah(0),
  requiresDetails: z.boolean(),
  requiresProof: z.boolean(),
}

export const newProduct = z
  .strictObject({
    ...productFields,
    tripId: z.uuid(),
    slug: slug.optional(),
    description: productFields.description.optional(),
    status: productFields.status.default('active'),
    unit: productFields.unit.optional(),
    weightGram: productFields.weightGram.optional(),
    markupType: markupType.default('percent'),
    markupValue: productFields.markupValue.default(0),
    requiresDetails: z.boolean().default(false),
    requiresProof: z.boolean().default(false),
    type: z.enum(['goods', 'tasks']).default('goods'),
    stock: pieces.optional(),
    isUnlimitedStock: z.literal(true).optional(),
  })
  .refine(
    product => product.type === 'tasks' || (product.stock === undefined) !== (product.isUnlimitedStock === undefined),
    {
      path: ['stock'],
      message: 'give either stock or isUnlimitedStock',
    },
  )
  .refine(({ markupType: type, markupValue }) => type === 'flat' || isPercent(markupValue), {
    path: ['markupValue'],
    message: 'a markup in percent is at most 100 with at most two decimals',
  })

const isPercent = (value: number): boolean => percent(0).safeParse(value).success

export const productChange = z
  .strictObject({
    title: productFields.title.optional(),
    slug: slug.optional(),
    description: productFields.description.nullable().optional(),
    price: productFields.price.optional(),
    status: productFields.status.optional(),
    unit: productFields.unit.nullable().optional(),
    weightGram: productFields.weightGram.nullable().optional(),
    markupType: markupType.optional(),
    markupValue: productFields.markupValue.optional(),
    requiresDetails: z.boolean().optional(),
    requiresProof: z.boolean().optional(),
    stockDelta: z.number().int().min(-MAX_STOCK).max(MAX_STOCK).optional(),
    stock: pieces.optional(),
    isUnlimitedStock: z.literal(true).optional(),
    stockSeen: pieces.nullable().optional(),
  })
  .refine(change => stockEdits(change) <= 1, {
    path: ['stock'],
    message: 'give one of stockDelta, stock and isUnlimitedStock',
  })
  .refine(change => (change.stockSeen === undefined) === (change.stock === undefined && !change.isUnlimitedStock), {
    path: ['stockSeen'],
    message: 'stock and isUnlimitedStock need the stock that you saw, and nothing else does',
  })

const stockEdits = (change: { stockDelta?: unknown; stock?: unknown; isUnlimitedStock?: unknown }): number =>
  [change.stockDelta, change.stock, change.isUnlimitedStock].filter(edit => edit !== undefined).length

const address = z.strictObject({
  recipient: text(1, 100),
  phone: text(4, 30).optional(),
  text: text(1, 500),
  provinceId: text(1, 20),
  provinceName: text(1, 100),
  cityId: text(1, 20),
  cityName: text(1, 100),
  districtId: text(1, 20),
  districtName: text(1, 100),
  village: text(1, 100).optional(),
  postalCode: text(1, 10).optional(),
  rateZone: text(1, 40).optional(),
})

export const checkoutBody = z.strictObject({
  tripId: z.uuid(),
  participantPhone: z.string().min(1).max(40),
  participantName: text(1, 100),
  participantEmail: z.email().max(254).optional(),
  language: z.enum(['id', 'en']).optional(),
  address: address.optional(),
  notes: text(0, 500).optional(),
  items: z
    .array(
      z.strictObject({
        productId: z.uuid(),
        quantity: z.number().int().min(1).max(999),
        notes: text(0, 500).optional(),
      }),
    )
    .min(1)
    .max(50),
})

const fee = rupiah(0, 10_000_000)
const reason = z.string().trim().max(500)

export const validateBody = z.strictObject({
  action: z.enum(['accept', 'reject']),
  shippingFee: fee.optional(),
  serviceFee: fee.optional(),
  rejectionReason: reason.optional(),
  dpReceived: z.boolean().optional(),
})

export const approveFinalBody = z.strictObject({
  action: z.enum(['accept', 'reject']),
  rejectionReason: reason.optional(),
})

export const cancelBody = z.strictObject({ reason: reason.optional() })
export const paymentBody = z.strictObject({ kind: z.enum(['dp', 'final']) })

export const confirmRefundBody = z
  .strictObject({
    reference: text(1, 100).optional(),
    notReceived: z.literal(true).optional(),
    reason: reason.optional(),
  })
  .refine(body => (body.reference === undefined) !== (body.notReceived === undefined), {
    path: ['reference'],
    message: 'give either reference or notReceived',
  })

const amount = z.number().min(0).max(MAX_RUPIAH).refine(hasTwoDecimals, 'has more than two decimals')

function hasTwoDecimals(value: number): boolean {
  return /^\d+(\.\d{1,2})?$/.test(String(value))
}

export const paymentWebhook = z.object({
  paymentId: text(1, 200),
  orderId: z.uuid(),
  status: z.enum(['paid', 'failed', 'expired']),
  amount,
  currency: z.string().regex(/^[A-Z]{3}$/),
})

/** `key` is the id under which we asked for the refund. */
export const refundWebhook = z.object({
  refundId: text(1, 200),
  key: z.uuid(),
  status: z.enum(['succeeded', 'failed']),
  amount,
})
