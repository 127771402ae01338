import { AppError, conflict } from './errors.ts'
import { rateLimited, toAppError, toProblem } from './problem.ts'

const pgError = (code: string, message = 'select secret from orders') => Object.assign(new Error(message), { code })

test.each([
  ['22P02', 422, 'invalid_value'],
  ['22003', 422, 'invalid_value'],
  ['22021', 422, 'invalid_value'],
  ['40P01', 503, 'busy'],
  ['57014', 503, 'busy'],
  ['53300', 503, 'busy'],
  ['57P01', 503, 'database_unavailable'],
  ['ECONNREFUSED', 503, 'database_unavailable'],
  ['23505', 500, 'internal'],
  ['42601', 500, 'internal'],
])('an error %s of the database becomes %i %s, without its text', (code, status, name) => {
  const problem = toProblem(toAppError(pgError(code)), 'request-1')
  expect(problem).toMatchObject({ status, body: { code: name, success: false } })
  expect(JSON.stringify(problem)).not.toContain('secret')
  expect(problem.headers['Retry-After']).toBe(status === 503 ? '2' : undefined)
})

test('a pool without a free connection is a 503', () => {
  expect(toAppError(new Error('timeout exceeded when trying to connect')).status).toBe(503)
})

test('anything thrown, even no error at all, is a bare 500', () => {
  expect(toAppError('boom')).toMatchObject({ status: 500, code: 'internal' })
  expect(toAppError(undefined)).toMatchObject({ status: 500, code: 'internal' })
})

test('an AppError keeps its fields, and its extra cannot replace the members of a problem', () => {
  const error = conflict('order_wrong_state', 'The order is paid', { currentStatus: 'paid', status: 200, code: 'x' })
  expect(toProblem(error, 'request-1').body).toEqual({
    success: false,
    error: 'The order is paid',
    detail: 'The order is paid',
    type: 'urn:antre:problem:order_wrong_state',
    title: 'Conflict',
    status: 409,
    code: 'order_wrong_state',
    currentStatus: 'paid',
    instance: 'request-1',
  })
})

test('429 says in whole seconds when to come back', () => {
  expect(toProblem(rateLimited(12.2), 'r').headers['Retry-After']).toBe('13')
  expect(toProblem(rateLimited(0), 'r').headers['Retry-After']).toBe('1')
})

test('401 names the scheme', () => {
  expect(toProblem(new AppError(401, 'unauthorized', 'Log in'), 'r').headers['WWW-Authenticate']).toBe('Bearer')
})
