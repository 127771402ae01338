import { randomInt } from 'node:crypto'
import type { Stage } from './stage.ts'

export type Item = { productId: string; quantity: number; notes?: string }
export type Customer = { name: string; phone: string; items: Item[] }

const NAMES = ['Ani', 'Budi', 'Citra', 'Dewi', 'Eko', 'Fitri', 'Gilang', 'Hana', 'Indra', 'Joko', 'Kartika', 'Lina']

/**
 * Valid phones that no earlier run had, most probably: a guest is known by the phone, and gets five messages a day at
 * most.
 */
export function newPhones(count: number): string[] {
  const first = randomInt(10_000_000, 99_999_999 - count)
  return Array.from({ length: count }, (_, n) => `+62812${first + n}`)
}

/** Somebody who wants one or two of the products; everybody wants something that is shipped. */
export function newCustomer(stage: Stage, phone: string, n: number): Customer {
  const quantity = 1 + (n % 3)
  const carts: Item[][] = [
    [{ productId: stage.goods.id, quantity }],
    [{ productId: stage.unlimited.id, quantity }],
    [
      { productId: stage.goods.id, quantity },
      { productId: stage.task.id, quantity: 1, notes: 'the blue one, please' },
    ],
  ]
  return { name: nameOf(n), phone, items: carts[n % carts.length] ?? [] }
}

/** Somebody who wants one of the scarce pieces. */
export const scarceCustomer = (stage: Stage, phone: string, n: number): Customer => ({
  name: nameOf(n),
  phone,
  items: [{ productId: stage.scarce.id, quantity: 1 }],
})

const nameOf = (n: number): string => NAMES[n % NAMES.length] ?? ''
