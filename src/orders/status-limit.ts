import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Actor } from '../platform/actor.ts'
import { rateLimited } from '../platform/problem.ts'

const CALLS_PER_MINUTE = 600
const MINUTE_SECONDS = 60

/** Counted in this process alone: a status read must not cost a write in Postgres. */
const counter = new RateLimiterMemory({ points: CALLS_PER_MINUTE, duration: MINUTE_SECONDS })

/** @throws AppError 429 `rate_limited` above 600 × `factor` calls a minute of one caller in this process */
export async function limitStatusCalls(actor: Actor, ip: string, factor: number): Promise<void> {
  // `penalty` counts without refusing, as the limit depends on the factor.
  const { consumedPoints, msBeforeNext } = await counter.penalty(callerKey(actor, ip))
  if (consumedPoints > CALLS_PER_MINUTE * factor) throw rateLimited(msBeforeNext / 1_000)
}

function callerKey(actor: Actor, ip: string): string {
  if (actor.kind === 'user') return `user:${actor.id}`
  if (actor.kind === 'pass') return `pass:${actor.orderId}:${actor.guestId}`
  return `ip:${ip}`
}
