import { z } from 'zod'
import { type Route, route } from '../../platform/http.ts'
import { verifyChallenge } from '../commands/verify-challenge.ts'
import type { IdentityDeps } from '../deps.ts'
import { findSlug, getOpenToken } from '../queries.ts'

const token = z.string().min(1).max(200)
const TOKEN_ERRORS = ['token_invalid', 'token_expired', 'token_used', 'token_revoked']

const postValidate = route<IdentityDeps, unknown, unknown, { token: string }, unknown>(
  {
    method: 'post',
    path: '/api/upload/validate',
    who: ['public'],
    summary: "Whether a buyer's link still opens, and the challenge that it asks for",
    body: z.strictObject({ token }),
    answer: z.object({ valid: z.literal(true), challenge: z.literal('LAST4'), jastiperSlug: z.string().nullable() }),
    errors: TOKEN_ERRORS,
    limit: { points: 10, seconds: 60 },
  },
  async (deps, { body }) => {
    const { sellerId } = await getOpenToken(deps.db, body.token)
    return { data: { valid: true, challenge: 'LAST4', jastiperSlug: await findSlug(deps.db, sellerId) } }
  },
)

const postVerify = route<IdentityDeps, unknown, unknown, { token: string; challengeResponse: string }, unknown>(
  {
    method: 'post',
    path: '/api/upload/verify',
    who: ['public'],
    summary: 'Answer the challenge of a link with the last four digits of the phone; gives a pass for the order',
    body: z.strictObject({ token, challengeResponse: z.string().regex(/^\d{4}$/, 'needs four digits') }),
    answer: z.object({ pass: z.string(), orderId: z.uuid(), expiresAt: z.iso.datetime() }),
    errors: [...TOKEN_ERRORS, 'challenge_failed'],
    limit: { points: 5, seconds: 60 },
  },
  async (deps, { body }) => ({
    data: await verifyChallenge(deps, { token: body.token, answer: body.challengeResponse }),
  }),
)

export const guestLinkRoutes: Route<IdentityDeps>[] = [postValidate, postVerify]
