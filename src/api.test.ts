import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestDatabase, testDatabase } from './testing/database.ts'
import { testConfig } from './testing/http-deps.ts'

let database: TestDatabase
const running: ChildProcess[] = []
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await database.close()
})

type Run = { child: ChildProcess; stderr(): string; exit: Promise<number | null> }

/** Runs `src/api.ts` as pm2 does, with these variables. */
function startApi(env: Record<string, string> = {}): Run {
  const { DEMO: _demo, ...config } = testConfig(database.url)
  const variables = Object.entries({ ...config, PORT: '0', HOST: '127.0.0.1', ...env }).map(([k, v]) => [
    k,
    String(v ?? ''),
  ])
  const child = spawn(process.execPath, [join(import.meta.dirname, 'api.ts')], {
    env: { PATH: process.env.PATH, ...Object.fromEntries(variables) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  running.push(child)
  let stderr = ''
  child.stderr?.on('data', chunk => {
    stderr += chunk
  })
  return { child, stderr: () => stderr, exit: once(child, 'close').then(([code]) => code) }
}

/** The port of the line that says that it listens. */
async function portOf({ child }: Run): Promise<number> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += chunk
    const port = /"port":(\d+)/.exec(text)?.[1]
    if (port !== undefined) return Number(port)
  }
  throw new Error(`it does not listen: ${text}`)
}

test('says that it is ready, serves, and ends on SIGTERM with 0', async () => {
  const api = startApi({ LOG_LEVEL: 'info' })
  const ready = once(api.child, 'message')
  const port = await portOf(api)
  expect((await ready)[0]).toBe('ready')
  const answer = await fetch(`http://127.0.0.1:${port}/api/auth/me`)
  expect({ status: answer.status, body: await answer.json() }).toMatchObject({
    status: 401,
    body: { code: 'unauthorized' },
  })
  api.child.kill('SIGTERM')
  expect(await api.exit).toBe(0)
  expect(api.stderr()).toBe('')
})

describe('what somebody has to mend is one sentence and exit 1', () => {
  const failsWith = async (env: Record<string, string>, sentence: RegExp) => {
    const api = startApi(env)
    expect(await api.exit).toBe(1)
    expect(api.stderr()).toMatch(sentence)
    expect(api.stderr().trim().split('\n')).toHaveLength(1)
    expect(api.stderr()).not.toMatch(/ at |node:internal/)
  }

  test('a taken port', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    await failsWith({ PORT: String(port) }, new RegExp(`Port ${port} is taken`))
    taken.close()
  })

  test('a database that does not answer', async () => {
    await failsWith(
      { DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/none' },
      /^Postgres of DATABASE_URL cannot be used(?!.*secret)/,
    )
  })

  test('a database that is not migrated', async () => {
    const half = await testDatabase()
    await half.pool.query('drop table orders cascade')
    await failsWith({ DATABASE_URL: half.url }, /run `npm run migrate` first/)
    await half.pool.query('drop schema pgboss cascade')
    await failsWith({ DATABASE_URL: half.url }, /run `npm run migrate` first/)
    await half.close()
  })

  test('a missing secret', async () => {
    await failsWith({ JWT_SECRET: '' }, /JWT_SECRET is not set/)
  })
})
