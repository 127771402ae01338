import fc from 'fast-check'
import { toAmount, toCents } from '../platform/money.ts'
import { computeCharges, downPayment, type Line, subtotalOf, toBreakdown } from './fees.ts'

const line = (
  quantity: number,
  price: string,
  markupType: Line['markupType'],
  markupValue: string,
  type: Line['type'] = 'goods',
): Line => ({
  title: 'thing',
  type,
  quantity,
  price,
  markupType,
  markupValue,
})

const charge = (lines: Line[], dp: bigint, shipping: string, service: string, commissionRate: string) =>
  computeCharges(lines, { dp, shippingFee: toCents(shipping), serviceFee: toCents(service), commissionRate })

describe('jastip 3: the examples of the spec', () => {
  test('A: percent and flat markup, down payment of 20 %', () => {
    const lines = [line(2, '185500.00', 'percent', '12.50'), line(1, '49999.00', 'flat', '5000.00')]
    const dp = downPayment(subtotalOf(lines), 'dp', '20.00')
    const breakdown = toBreakdown(lines, charge(lines, dp, '32000', '10000', '5.00'), 'IDR')
    expect(breakdown).toMatchObject({
      subtotal: 420_999,
      dpAmount: 84_200,
      markup: 51_375,
      platformCommission: 23_619,
      totalFinal: 537_993,
      remainingAmount: 453_793,
      taskFee: 0,
      commissionRate: 5,
      rulesVersion: 1,
    })
    expect(breakdown.lines.map(each => each.markup)).toEqual([46_375, 5_000])
  })

  test('B: the least down payment is capped by the subtotal', () => {
    const lines = [line(1, '8000.00', 'percent', '10.00')]
    const dp = downPayment(subtotalOf(lines), 'dp', '20.00')
    const charges = charge(lines, dp, '15000', '0', '5')
    expect(toAmount(dp)).toBe(8_000)
    expect(toAmount(charges.markup)).toBe(800)
    expect(toAmount(charges.commission)).toBe(440)
    expect(toAmount(charges.total)).toBe(24_240)
    expect(toAmount(charges.remaining)).toBe(16_240)
  })

  test('C: a task paid in full leaves nothing', () => {
    const lines = [line(1, '125000.00', 'percent', '0.00', 'tasks')]
    const dp = downPayment(subtotalOf(lines), 'full', '20.00')
    const charges = charge(lines, dp, '0', '0', '0.00')
    expect(toAmount(charges.taskFee)).toBe(125_000)
    expect(toAmount(charges.total)).toBe(125_000)
    expect(charges.remaining).toBe(0n)
  })
})

test('7 % of 1,100,000 is 77,000: no float takes part', () => {
  expect(toAmount(downPayment(toCents('1100000'), 'dp', '7.00'))).toBe(77_000)
})

test('the down payment is whole rupiah between its floor and the subtotal, and the rest is never negative', () => {
  const lines = fc.array(
    fc.record({
      quantity: fc.integer({ min: 1, max: 999 }),
      price: fc.integer({ min: 1, max: 50_000_000 }).map(String),
      percent: fc.integer({ min: 0, max: 10_000 }).map(hundredths => (hundredths / 100).toFixed(2)),
    }),
    { minLength: 1, maxLength: 8 },
  )
  const percent = fc.integer({ min: 100, max: 10_000 }).map(hundredths => (hundredths / 100).toFixed(2))
  fc.assert(
    fc.property(lines, percent, (made, pct) => {
      const all = made.map(each => line(each.quantity, each.price, 'percent', each.percent))
      const subtotal = subtotalOf(all)
      const dp = downPayment(subtotal, 'dp', pct)
      const charges = charge(all, dp, '0', '0', '5')
      expect(dp % 100n).toBe(0n)
      expect(dp <= subtotal).toBe(true)
      expect(dp >= (subtotal < 1_000_000n ? subtotal : 1_000_000n)).toBe(true)
      expect(charges.remaining >= 0n).toBe(true)
      expect(charges.remaining + charges.dp).toBe(charges.total)
    }),
  )
})
