import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'

/** A running stand-in. `close` also cuts connections that a fault holds open. */
export type Simulator = { url: string; port: number; close(): Promise<void> }

export type Call = {
  method: string
  path: string
  params: Record<string, string>
  headers: IncomingHttpHeaders
  /** The parsed body: JSON by content type, or the fields of a form; an empty object when there is none. */
  body: unknown
  rawBody: string
}

/** A string body is sent as HTML, anything else as JSON. */
export type Answer = { status: number; body: unknown; headers?: Record<string, string> }

/** What may also happen to a call: `cut` destroys its connection, `hang` never answers it. */
export type Outcome = Answer | 'cut' | 'hang'

/** A path segment that begins with `:` is a parameter. The first route that matches answers. */
export type Route = { method: string; path: string; handle(call: Call): Outcome | Promise<Outcome> }

/** The simulated service's own shape of an error. */
export type Refuse = (status: number, code: string, message: string) => Answer

const MAX_BODY_BYTES = 1_048_576

/** Serves the routes on 127.0.0.1; port 0 takes a free one. Rejects when the port is taken. */
export async function serve(routes: Route[], refuse: Refuse, port = 0): Promise<Simulator> {
  return listen((request, response) => void answer(routes, refuse, request, response), port)
}

async function listen(handler: (req: IncomingMessage, res: ServerResponse) => void, port: number): Promise<Simulator> {
  const server = createServer(handler)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the simulator has no TCP port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(routes: Route[], refuse: Refuse, request: IncomingMessage, response: ServerResponse) {
  const outcome = await outcomeOf(routes, refuse, request).catch((error: unknown) =>
    refuse(500, 'internal_error', error instanceof Error ? error.message : String(error)),
  )
  if (outcome === 'cut') request.socket.destroy()
  else if (outcome !== 'hang') send(response, outcome)
}

async function outcomeOf(routes: Route[], refuse: Refuse, request: IncomingMessage): Promise<Outcome> {
  const method = request.method ?? 'GET'
  const path = new URL(request.url ?? '/', 'http://simulator').pathname
  const rawBody = await readBody(request)
  if (rawBody === null) return refuse(413, 'body_too_large', `the body is larger than ${MAX_BODY_BYTES} bytes`)
  for (const route of routes) {
    const params = route.method === method ? matchPath(route.path, path) : null
    if (!params) continue
    const parsed = parseBody(rawBody, request.headers['content-type'] ?? '')
    if (!parsed.ok) return refuse(400, 'malformed_body', 'the body is not valid JSON')
    return route.handle({ method, path, params, headers: request.headers, body: parsed.body, rawBody })
  }
  return refuse(404, 'not_found', `no ${method} ${path} here`)
}

function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [i, segment] of wanted.entries()) {
    const value = given[i] ?? ''
    if (segment.startsWith(':') && value !== '') params[segment.slice(1)] = value
    else if (segment !== value) return null
  }
  return params
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    // Read on without keeping, so that the client is still listening when it is told.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8')
}

function parseBody(rawBody: string, contentType: string): { ok: true; body: unknown } | { ok: false } {
  if (rawBody === '') return { ok: true, body: {} }
  if (contentType.includes('x-www-form-urlencoded')) {
    return { ok: true, body: Object.fromEntries(new URLSearchParams(rawBody)) }
  }
  try {
    return { ok: true, body: JSON.parse(rawBody) }
  } catch {
    return { ok: false }
  }
}

function send(response: ServerResponse, { status, body, headers }: Answer) {
  const isHtml = typeof body === 'string'
  response.writeHead(status, { 'content-type': isHtml ? 'text/html; charset=utf-8' : 'application/json', ...headers })
  response.end(isHtml ? body : JSON.stringify(body))
}
