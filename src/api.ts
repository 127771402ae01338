import { sql } from 'kysely'
import { createApp } from './app.ts'
import { buildDeps, type Deps } from './deps.ts'
import { readConfig } from './platform/config.ts'
import { startHttpServer } from './platform/http-server.ts'
import { onStopRequest, runEntry } from './platform/process.ts'
import { routes } from './registry.ts'

/** How long a stop waits for answers that are under way; pm2 kills 2 s later. */
const DRAIN_SECONDS = 8

/** The API process: serves HTTP until it is asked to stop, then finishes what it has begun. */
async function main(): Promise<void> {
  const config = readConfig()
  const deps = await buildDeps(config, 'api')
  const server = await serve(deps)
  deps.log.info({ port: server.port, routes: routes.length }, 'the API listens')
  process.send?.('ready')
  onStopRequest(async reason => {
    deps.log.info({ reason }, 'the API stops: it finishes the answers under way')
    deps.stop()
    await server.stop(DRAIN_SECONDS)
    await deps.close()
    deps.log.info('the API stopped')
  })
}

async function serve(deps: Deps) {
  try {
    // Refuses a database that pg-boss has installed itself in and our migrations have not reached.
    await sql`select from orders limit 0`.execute(deps.db)
    return await startHttpServer(createApp(deps, routes), { port: deps.config.PORT, host: deps.config.HOST })
  } catch (error) {
    await deps.close()
    throw error
  }
}

await runEntry(main)
