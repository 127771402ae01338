import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type Answer, describeAnswer, readAs } from './api.ts'
import { type Buyer, checkoutBody, newBuyer, noteOrder } from './buyer.ts'
import { scarceCustomer } from './customers.ts'
import type { Mistake } from './mistakes.ts'
import { checkoutShape, productShape } from './shapes.ts'
import type { Stage } from './stage.ts'
import type { Story } from './stories.ts'

const SOLD_OUT = '409 stock_insufficient'

/**
 * Twice as many customers as there are pieces order one each in the same moment. Whoever gets one becomes a buyer and
 * plays the story; the others went away with nothing.
 */
export async function rushForScarce(
  stage: Stage,
  story: Story,
  pieces: number,
  phones: readonly string[],
): Promise<{ winners: Buyer[]; mistakes: Mistake[] }> {
  const buyers = phones.map((phone, n) => newBuyer(story, scarceCustomer(stage, phone, n)))
  const answers = await Promise.all(buyers.map(async buyer => ({ buyer, answer: await tryCheckout(stage, buyer) })))
  const won = answers.filter(({ answer }) => answer.status === 201)
  for (const { buyer, answer } of won) {
    noteOrder(buyer, readAs(z.object({ data: checkoutShape }), answer.body, 'POST /api/checkout/dp').data)
  }
  const lost = answers.filter(({ answer }) => answer.status !== 201).map(({ answer }) => describeAnswer(answer))
  const products = await stage.api.list(productShape, `/api/products?tripId=${stage.trip.id}`, { token: stage.seller })
  const left = products.find(product => product.id === stage.scarce.id)?.stock
  const outcome = {
    what: `${phones.length} people order the last ${pieces} pieces at once`,
    expected: `${pieces} orders, ${phones.length - pieces} × ${SOLD_OUT}, 0 left`,
    got: `${won.length} orders, ${countAll(lost)}, ${left} left`,
  }
  return { winners: won.map(({ buyer }) => buyer), mistakes: [outcome] }
}

function tryCheckout(stage: Stage, buyer: Buyer): Promise<Answer> {
  const body = checkoutBody(stage, buyer.customer)
  return stage.api.call('POST', '/api/checkout/dp', { body, key: randomUUID() })
}

/** Such as `10 × 409 stock_insufficient`. */
function countAll(answers: readonly string[]): string {
  const groups = [...Map.groupBy(answers, answer => answer)]
  return groups.map(([answer, same]) => `${same.length} × ${answer}`).join(', ') || '0 refused'
}
