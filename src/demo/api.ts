import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { failure } from './failure.ts'

export type Ask = {
  /** Access token or pass. */
  token?: string
  /** JSON, or the parts of a form. */
  body?: unknown
  /** Idempotency-Key. */
  key?: string
}
export type Answer = { status: number; body: unknown; retryAfterSeconds: number | undefined }

export type Api = {
  url: string
  /** Any answer at all; throws a failure only when there is none. */
  call(method: string, path: string, ask?: Ask): Promise<Answer>
  /** `data` of a success. A busy server (429, 503) is asked again when that is safe. Throws a failure for a refusal. */
  get<T>(shape: z.ZodType<T>, path: string, ask?: Ask): Promise<T>
  post<T>(shape: z.ZodType<T>, path: string, ask?: Ask): Promise<T>
  /** All pages of a list. */
  list<T>(shape: z.ZodType<T>, path: string, ask?: Ask): Promise<T[]>
}

const MOST_TRIES = 6
const TIMEOUT_MS = 30_000
const BUSY = [429, 503]

/** The server as its clients see it: JSON over HTTP. */
export function createApi(url: string): Api {
  const call: Api['call'] = (method, path, ask = {}) => send(url, method, path, ask)

  async function succeed(method: string, path: string, ask: Ask): Promise<unknown> {
    const isSafe = method === 'GET' || ask.key !== undefined
    for (let tries = 1; ; tries++) {
      const answer = await call(method, path, ask)
      if (answer.status < 300) return answer.body
      if (!isSafe || !BUSY.includes(answer.status) || tries === MOST_TRIES) {
        throw failure(`${method} ${path} answered ${describeAnswer(answer)}`)
      }
      await sleep((answer.retryAfterSeconds ?? 1) * 1000)
    }
  }

  const data = async <T>(shape: z.ZodType<T>, method: string, path: string, ask: Ask = {}) =>
    readAs(z.object({ data: shape }), await succeed(method, path, ask), `${method} ${path}`).data

  return {
    url,
    call,
    get: (shape, path, ask) => data(shape, 'GET', path, ask),
    post: (shape, path, ask) => data(shape, 'POST', path, ask),
    list: async (shape, path, ask = {}) => {
      const page = z.object({
        data: z.array(shape),
        pagination: z.object({ nextCursor: z.string().nullable() }).optional(),
      })
      const items = []
      let cursor: string | null | undefined
      do {
        const next = cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''
        const asked = `${path}${path.includes('?') ? '&' : '?'}limit=100${next}`
        const found = readAs(page, await succeed('GET', asked, ask), `GET ${path}`)
        items.push(...found.data)
        cursor = found.pagination?.nextCursor
      } while (cursor)
      return items
    },
  }
}

async function send(url: string, method: string, path: string, { token, body, key }: Ask): Promise<Answer> {
  const isForm = body instanceof FormData
  const headers = {
    ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  }
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const text = await response.text()
    const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
    return {
      status: response.status,
      body: parseJson(text),
      retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
    }
  } catch (error) {
    throw failure(`${method} ${url}${path} got no answer (${causeOf(error)})`)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message || error.message : error.message
}

/** What came, in the shape that is expected. @throws a failure that names the field */
export function readAs<T>(shape: z.ZodType<T>, body: unknown, what: string): T {
  const parsed = shape.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw failure(`${what} answered something unexpected: ${issue?.path.join('.')}: ${issue?.message}`)
}

const problem = z.object({ code: z.string() })

/** Status and code, such as `409 order_wrong_state`. */
export function describeAnswer({ status, body }: Answer): string {
  const code = problem.safeParse(body).data?.code
  return code === undefined ? String(status) : `${status} ${code}`
}
