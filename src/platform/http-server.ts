import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type HttpServer = {
  /** The port that is really bound, also when 0 was asked for. */
  port: number
  /**
   * Takes no new connection and waits for the answers that are under way, at most `graceSeconds`; then what is left is
   * cut. Whoever streams has to end the streams.
   */
  stop(graceSeconds: number): Promise<void>
}

const IDLE_SWEEP_MS = 50

/** Listens and serves. @throws the error of the bind, such as EADDRINUSE */
export async function startHttpServer(serve: RequestListener, at: { port: number; host: string }): Promise<HttpServer> {
  const server = createServer()
  const open = new Set<ServerResponse>()
  let isStopping = false
  server.on('request', (req, res) => {
    open.add(res)
    res.once('close', () => open.delete(res))
    if (isStopping) sayGoodbye(res)
    serve(req, res)
  })
  server.listen(at.port, at.host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stop: async graceSeconds => {
      isStopping = true
      for (const res of open) sayGoodbye(res)
      const closed = once(server, 'close')
      server.close()
      const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS)
      const limit = setTimeout(() => server.closeAllConnections(), graceSeconds * 1_000)
      await closed
      clearInterval(sweep)
      clearTimeout(limit)
    },
  }
}

/** A kept connection would be cut between two requests: this tells the client to open another one elsewhere. */
function sayGoodbye(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close')
}
