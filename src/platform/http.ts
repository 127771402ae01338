import type { Request, Response } from 'express'
import type { z } from 'zod'
import type { Actor, Role } from './actor.ts'

/**
 * Who may call a route: everybody, a buyer with the pass of the order, a caller whose signature the handler checks, the
 * monitoring token, or users with a role. Whether the row is theirs is checked where the row is read.
 */
export type Caller = 'public' | 'pass' | 'signed' | 'monitor' | Role

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** At most `points` calls in `seconds` per key (IP by default), multiplied by RATE_LIMIT_FACTOR. */
export type RateLimit = Readonly<{
  points: number
  seconds: number
  key?: (call: { ip: string; body: unknown }) => string
}>

/** One checked request. */
export type Call<P, Q, B> = Readonly<{
  params: P
  query: Q
  body: B
  actor: Actor
  ip: string
  requestId: string
  /** Fires when the client went away. */
  signal: AbortSignal
  /** 16–128 characters, checked; undefined when the caller sent none. */
  idempotencyKey: string | undefined
  req: Request
  res: Response
}>

/** What a handler returns: the value of `data`, with another status or page when it is not plain 200. */
export type Answer<T> = { data: T; status?: number; nextCursor?: string | null } | typeof HANDLED

/** Returned by a handler that wrote the response itself (a stream, a file). */
export const HANDLED = Symbol('handled')

export type RouteSpec<P, Q, B, T> = {
  method: Method
  /** Express 5 path under the root, such as `/api/trips/:id`. */
  path: string
  /** A route without it does not compile. */
  who: readonly [Caller, ...Caller[]]
  summary: string
  params?: z.ZodType<P>
  query?: z.ZodType<Q>
  /** JSON body; unknown fields are refused when the schema is strict. */
  body?: z.ZodType<B>
  /** Shape of `data`; documentation and tests check answers against it. */
  answer: z.ZodType<T> | 'stream'
  /** Status of success, 200 unless said. */
  status?: number
  /** Problem codes beside those that every route may answer. */
  errors?: readonly string[]
  limit?: RateLimit
  /** True for shapes without the `success` envelope (`/api/health*`, `/metrics`). */
  bare?: boolean
  /** True when `Idempotency-Key` is honoured; the command stores it in its own transaction. */
  idempotent?: boolean
  /** `raw` keeps the body as bytes (`req.body` is a Buffer) for signatures; `none` leaves it unread for uploads. */
  bodyAs?: 'json' | 'raw' | 'none'
}

/** A route as data: the app mounts it, the OpenAPI document and the authorization tests read it. */
export type Route<D> = RouteSpec<unknown, unknown, unknown, unknown> & {
  handle: (deps: D, call: Call<unknown, unknown, unknown>) => Promise<Answer<unknown>>
}

/** Ties a specification to its handler with the types of its schemas. */
export function route<D, P = unknown, Q = unknown, B = unknown, T = unknown>(
  spec: RouteSpec<P, Q, B, T>,
  handle: (deps: D, call: Call<P, Q, B>) => Promise<Answer<T>>,
): Route<D> {
  return { ...spec, handle } as unknown as Route<D>
}
