import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../app.ts'
import { createLocalFiles } from '../files/index.ts'
import { identityRoutes } from '../identity/index.ts'
import { jastipRoutes } from '../jastip/index.ts'
import { orderRoutes, sweepDeadlines } from '../orders/index.ts'
import { createGatewayProvider } from '../payments/index.ts'
import { systemActor } from '../platform/actor.ts'
import type { Config } from '../platform/config.ts'
import { HANDLED, type Route } from '../platform/http.ts'
import { inTransaction } from '../platform/tx.ts'
import { flowPages, handlers, reactions, templatesOf } from '../registry.ts'
import { startPaymentProvider } from '../simulators/payments.ts'
import { startWhatsApp } from '../simulators/whatsapp.ts'
import { testClock } from './clock.ts'
import { testDatabase } from './database.ts'
import { drain } from './drain.ts'
import { testConfig } from './http-deps.ts'
import { testRuntime } from './job-runtime.ts'

export type JastipWorld = Awaited<ReturnType<typeof jastipWorld>>

/**
 * Jastip as it runs: a database of its own, the API on a free port, the payment provider and WhatsApp as real servers,
 * and its jobs, drained in this process.
 */
export async function jastipWorld(given: Partial<Config> & { gateway?: boolean } = {}) {
  const { gateway = true, ...config } = given
  const database = await testDatabase()
  const clock = await testClock(database)
  const server = await listen()
  const filesDir = await mkdtemp(join(tmpdir(), 'antre-files-'))
  const whatsapp = await startWhatsApp()
  const settings = testConfig(database.url, { PUBLIC_URL: server.url, WHATSAPP_BASE_URL: whatsapp.url, ...config })
  const payments = await startPaymentProvider({ webhookSecret: settings.PAYMENT_WEBHOOK_SECRET, webhookRetryMs: [] })
  const own = {
    config: settings,
    files: createLocalFiles(filesDir),
    paymentProvider: gateway ? createGatewayProvider({ baseUrl: payments.url, apiKey: '' }) : undefined,
  }
  const templates = templatesOf(settings)
  const runtime = await testRuntime(database, handlers, { reactions, deps: { ...own, templates } })
  const { db, jobs, log } = runtime
  const deps = { db, jobs, reactions, log, flowPages, ...own }
  const routes: Route<typeof deps>[] = [...identityRoutes, ...orderRoutes, ...jastipRoutes]
  server.on('request', createApp(deps, routes.map(checked)))
  return {
    database,
    db,
    deps,
    runtime,
    clock,
    url: server.url,
    filesDir,
    payments,
    whatsapp,
    drain: (kinds?: string[]) => drain(runtime, kinds),
    /** The deadline sweep and all that it raises. */
    sweep: async () => {
      await inTransaction(deps, systemActor('test'), tx => tx.enqueue(sweepDeadlines, [{}]))
      await drain(runtime)
    },
    close: async () => {
      await server.stop()
      await runtime.close()
      await Promise.all([payments.close(), whatsapp.close(), database.close()])
      await rm(filesDir, { recursive: true, force: true })
    },
  }
}

/** A route that fails when its answer is not what it declares. */
function checked<D>(one: Route<D>): Route<D> {
  const { answer: shape } = one
  if (shape === 'stream') return one
  return {
    ...one,
    handle: async (deps, call) => {
      const answer = await one.handle(deps, call)
      if (answer !== HANDLED) shape.parse(JSON.parse(JSON.stringify(answer.data)))
      return answer
    },
  }
}

async function listen() {
  const server: Server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return Object.assign(server, {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}
