import { z } from 'zod'
import { type Route, route } from './http.ts'
import { inMatchingOrder } from './route-order.ts'

const get = (path: string): Route<unknown> =>
  route({ method: 'get', path, who: ['public'], summary: path, answer: z.unknown() }, async () => ({ data: path }))

test('tries a static segment before a parameter, whichever was listed first', () => {
  const paths = inMatchingOrder([get('/orders/:id'), get('/orders/:id/events'), get('/orders/pending-count')]).map(
    one => one.path,
  )
  expect(paths.indexOf('/orders/pending-count')).toBeLessThan(paths.indexOf('/orders/:id'))
})

test('refuses two routes for one path, also when their parameters have other names', () => {
  expect(() => inMatchingOrder([get('/orders/:id'), get('/orders/:orderId')])).toThrow(
    'two routes answer GET /orders/:orderId',
  )
})
