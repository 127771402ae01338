import type request from 'supertest'

/** Checks that an answer is a whole RFC 9457 problem of ours, and that it tells neither code nor SQL. */
export function expectProblem(answer: request.Response, status: number, code: string): void {
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status, body: { code, status, success: false } })
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  expect(answer.body.instance).toBe(answer.headers['x-request-id'])
  expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.ts:|select |insert /)
}
