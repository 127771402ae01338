import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type Call, type Simulator, serve } from './http-server.ts'

/** One JSON call; the parsed answer, taken as what the test expects, with its status. */
export async function call<Body>(method: string, url: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body }
}

/** Asks again until the check is true, for at most ten seconds. */
export async function eventually(check: () => boolean | Promise<boolean>) {
  const end = performance.now() + 10_000
  while (!(await check())) {
    if (performance.now() > end) throw new Error('it did not come true within ten seconds')
    await sleep(10)
  }
}

/** A receiver of webhooks that keeps every call and answers with `answers` in turn, 200 after the last. */
export async function startReceiver(paths: string[], answers: number[] = []): Promise<Simulator & { calls: Call[] }> {
  const calls: Call[] = []
  const handle = (received: Call): Answer => {
    calls.push(received)
    return { status: answers.shift() ?? 200, body: { received: calls.length } }
  }
  const routes = paths.map(path => ({ method: 'POST', path, handle }))
  const server = await serve(routes, (status, code) => ({ status, body: { code } }))
  return { ...server, calls }
}
