import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import express from 'express'
import { type EventStream, streamEvents } from './event-stream.ts'

const COUNT = 2_000
const LONG = 'x'.repeat(10_000)

describe('an event stream', () => {
  let server: Server | undefined
  let stopping: AbortController

  beforeEach(() => {
    stopping = new AbortController()
  })

  afterEach(async () => {
    if (!server) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })

  async function serve(produce: (stream: EventStream) => Promise<void>, limitMs = 60_000): Promise<number> {
    const app = express()
    app.get('/', (_req, res) => streamEvents(res, { retryMs: 2_000, stopping: stopping.signal, limitMs }, produce))
    server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  const untilEnded = ({ ended }: EventStream) =>
    new Promise<void>(resolve => {
      ended.addEventListener('abort', () => resolve())
      if (ended.aborted) resolve()
    })

  it('begins with the time to come back, and ends when the producer is done', async () => {
    const port = await serve(({ send }) => send({ id: '7', event: 'status', data: { text: 'two\nlines' } }))
    const response = await fetch(`http://127.0.0.1:${port}/`)
    expect(response.headers.get('cache-control')).toContain('no-store')
    expect(await response.text()).toBe('retry: 2000\n\nid: 7\nevent: status\ndata: {"text":"two\\nlines"}\n\n')
  })

  it('makes the producer wait for a client that does not read, and loses nothing', async () => {
    let produced = 0
    const port = await serve(async ({ send, ended }) => {
      for (; produced < COUNT && !ended.aborted; produced++) {
        await send({ id: String(produced), event: 'status', data: LONG })
      }
    })
    const client = connect(port, '127.0.0.1')
    client.pause()
    client.write('GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n')
    const stalledAt = await whenStill(() => produced)
    // What waits is at most what the system's socket buffers hold.
    expect(stalledAt).toBeLessThan(COUNT)
    let text = ''
    client.on('data', chunk => {
      text += chunk
    })
    client.resume()
    await once(client, 'close')
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(match => Number(match[1]))
    expect(ids).toEqual(Array.from({ length: COUNT }, (_, i) => i))
  })

  it('tells the producer that the client left', async () => {
    const left = Promise.withResolvers<void>()
    const port = await serve(async stream => {
      await stream.send({ id: '1', event: 'status', data: 1 })
      await untilEnded(stream)
      await stream.send({ id: '2', event: 'status', data: 'nobody reads this' })
      left.resolve()
    })
    const leaving = new AbortController()
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: leaving.signal })
    await response.body?.getReader().read()
    leaving.abort()
    await left.promise
  })

  it('ends when the process stops, at once when it stops already, and at its time limit', async () => {
    const port = await serve(untilEnded, 200)
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('retry: 2000\n\n')
    const open = await fetch(`http://127.0.0.1:${port}/`)
    stopping.abort()
    expect(await open.text()).toBe('retry: 2000\n\n')
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('retry: 2000\n\n')
  })

  it('answers HEAD without staying open', async () => {
    const port = await serve(() => Promise.reject(new Error('HEAD must not produce')))
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
  })
})

/** The value once it has not changed for a while. */
async function whenStill(read: () => number): Promise<number> {
  let last = -1
  for (let same = 0; same < 20; ) {
    await new Promise(resolve => setTimeout(resolve, 10))
    same = read() === last && last > 0 ? same + 1 : 0
    last = read()
  }
  return last
}
