import { startTestServers, type TestServers } from './server.ts'
import { prepareTemplate } from './template.ts'

declare global {
  var antreTestServers: TestServers | undefined
}

/**
 * Starts the servers of the run and migrates the template database once. Test files find the servers by
 * TEST_DATABASE_URL (may create databases) and TEST_REDIS_URL (unset when there is no Redis).
 */
export default async function globalSetup(): Promise<void> {
  const servers = await startTestServers()
  globalThis.antreTestServers = servers
  process.env.TEST_DATABASE_URL = servers.postgresUrl
  if (servers.redisUrl) process.env.TEST_REDIS_URL = servers.redisUrl
  else delete process.env.TEST_REDIS_URL
  process.stdout.write(`\nTests run on ${servers.description}\n`)
  await prepare(servers)
}

async function prepare(servers: TestServers): Promise<void> {
  try {
    await prepareTemplate(servers.postgresUrl)
  } catch (error) {
    // Jest runs no teardown after a failed setup.
    await servers.stop()
    throw error
  }
}
