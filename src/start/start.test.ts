import { createServer } from 'node:net'
import { readConfig } from '../platform/config.ts'
import { testSecrets } from '../testing/secrets.ts'
import { bannerOf } from './banner.ts'
import { checkDatabase } from './check-database.ts'
import { checkPort } from './check-port.ts'
import { environmentFor } from './environment.ts'
import { pauseBefore } from './keep-running.ts'
import { plainLine, prettyLine } from './log-line.ts'
import { readOptions } from './options.ts'
import { INTERRUPTED, openSession } from './session.ts'
import { checkNode, readSettings } from './settings.ts'

const noFlags = { reset: false, demo: false, help: false }

describe('the command line and the environment', () => {
  it('knows three flags and names the one it does not know', () => {
    expect(readOptions(['--reset', '--demo'])).toEqual({ reset: true, demo: true, help: false })
    expect(() => readOptions(['--rest'])).toThrow('npm start knows --reset, --demo and --help, not: --rest')
  })

  it('refuses an old Node in one sentence', () => {
    expect(() => checkNode('22.12.0')).toThrow(/^Antre needs Node 24 and this is 22\.12\.0/)
    expect(() => checkNode('24.0.0')).not.toThrow()
  })

  it('brings demo data with the embedded database, or when asked to, and never in production', async () => {
    const url = 'postgres://127.0.0.1/shop'
    const demoOf = async (env: NodeJS.ProcessEnv, demo = false) => (await readSettings(env, { ...noFlags, demo })).demo
    expect(await demoOf({})).toBe(true)
    expect(await demoOf({ DEMO: '0' })).toBe(false)
    expect(await demoOf({ DATABASE_URL: url })).toBe(false)
    expect(await demoOf({ DATABASE_URL: url }, true)).toBe(true)
    expect(await demoOf({ NODE_ENV: 'production' })).toBe(false)
    await expect(demoOf({ NODE_ENV: 'production' }, true)).rejects.toThrow('--demo is refused with NODE_ENV=production')
  })

  it('never deletes a database that it did not bring', async () => {
    const reset = readSettings({ DATABASE_URL: 'postgres://127.0.0.1/shop' }, { ...noFlags, reset: true })
    await expect(reset).rejects.toThrow(/^--reset deletes the embedded database only/)
  })

  it('names every bad variable before anything starts', async () => {
    const bad = readSettings({ PORT: 'four', LOG_LEVEL: 'loud' }, noFlags)
    await expect(bad).rejects.toThrow(/PORT.*LOG_LEVEL/)
  })

  it('gives API and worker an environment that they accept, in which what was given wins', async () => {
    const given = { PORT: '4321', PAYMENT_BASE_URL: 'https://pay.example', REDIS_URL: '' }
    const settings = await readSettings(given, noFlags)
    const addresses = {
      databaseUrl: 'postgres://127.0.0.1:5/antre',
      redisUrl: 'redis://127.0.0.1:6',
      whatsappUrl: 'http://127.0.0.1:7',
      paymentsUrl: 'http://127.0.0.1:8',
    }
    const config = readConfig(environmentFor(given, settings, testSecrets, addresses))
    expect(config).toMatchObject({
      DATABASE_URL: 'postgres://127.0.0.1:5/antre',
      REDIS_URL: 'redis://127.0.0.1:6',
      PORT: 4321,
      HOST: '127.0.0.1',
      PUBLIC_URL: 'http://localhost:4321',
      WHATSAPP_BASE_URL: 'http://127.0.0.1:7',
      PAYMENT_BASE_URL: 'https://pay.example',
      DEMO: true,
      RATE_LIMIT_FACTOR: 1000,
    })
  })
})

describe('what is checked before the start', () => {
  it('names a taken port and another one', async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await expect(checkPort(port, '127.0.0.1')).rejects.toThrow(
      `Port ${port} is taken by another program: stop it, or choose another port, such as PORT=${port + 1} npm start`,
    )
    await new Promise(resolve => server.close(resolve))
    await expect(checkPort(port, '127.0.0.1')).resolves.toBeUndefined()
  })

  it('tells a dead database, a wrong password and a missing database apart, and never shows the password', async () => {
    const dead = 'postgres://me:my-password@127.0.0.1:1/shop'
    await expect(checkDatabase(dead)).rejects.toThrow(
      'The Postgres at 127.0.0.1:1 (DATABASE_URL) does not answer (ECONNREFUSED): start it, or unset DATABASE_URL',
    )
    const good = new URL(process.env.TEST_DATABASE_URL!)
    expect(await checkDatabase(good.href)).toMatch(/^\d+/)
    const missing = new URL(good)
    missing.pathname = '/nowhere'
    await expect(checkDatabase(missing.href)).rejects.toThrow(
      /has no database "nowhere" \(DATABASE_URL\): create it first$/,
    )
    const unknown = new URL(good)
    unknown.username = 'nobody_here'
    await expect(checkDatabase(unknown.href)).rejects.toThrow(/refuses this user or password$/)
  })
})

describe('what the terminal shows', () => {
  it('shows warnings and errors of a log, and what is no log line', () => {
    const line = (level: number) =>
      JSON.stringify({ level, time: 't', pid: 1, name: 'worker', msg: 'Redis is away', order_id: 'o1' })
    expect(prettyLine('worker', line(30))).toBeUndefined()
    expect(prettyLine('worker', line(40))).toBe('worker warn Redis is away order_id=o1')
    expect(prettyLine('worker', line(50))).toBe('worker error Redis is away order_id=o1')
    expect(prettyLine('worker', 'Segmentation fault')).toBe('worker Segmentation fault')
    expect(prettyLine('worker', '')).toBeUndefined()
    expect(prettyLine('simulators', '{"ready":true}')).toBeUndefined()
  })

  it('tells why a process ended by the message and its cause', () => {
    const line = JSON.stringify({
      level: 60,
      msg: 'cannot start',
      err: { message: 'no table orders', stack: 'Error: …' },
    })
    expect(plainLine(line)).toBe('cannot start: no table orders')
    expect(plainLine('no table orders\n')).toBe('no table orders')
  })

  it('ends with where everything is, and with the demo only when there is demo data', () => {
    const facts = { database: 'embedded Postgres 18', redis: undefined, whatsappUrl: undefined, paymentsUrl: undefined }
    const plain = bannerOf({ ...facts, settings: { publicUrl: 'http://localhost:4000', demo: false } })
    expect(plain).toContain('http://localhost:4000/api/health/ready')
    expect(plain).toContain('embedded Postgres 18')
    expect(plain).toContain('none: Postgres does its work')
    expect(plain).not.toContain('demo')
    const demo = bannerOf({ ...facts, settings: { publicUrl: 'http://localhost:4000', demo: true } })
    expect(demo).toContain('jastiper@demo.antre')
    expect(demo).toContain('npm run demo')
  })
})

describe('the session', () => {
  const part = (name: string, stopped: string[]) => ({
    name,
    stop: async () => void stopped.push(name),
    kill: () => undefined,
  })

  it('stops what runs in reverse order, once, whatever fails', async () => {
    const stopped: string[] = []
    const session = openSession()
    await session.add(part('Postgres', stopped))
    await session.add({ name: 'broken', stop: () => Promise.reject(new Error('would not')), kill: () => undefined })
    await session.add(part('API', stopped))
    await Promise.all([session.stop(), session.stop()])
    expect(stopped).toEqual(['API', 'Postgres'])
  })

  it('stops at once what comes up only after the stop', async () => {
    const stopped: string[] = []
    const session = openSession()
    await session.stop()
    await expect(session.add(part('late', stopped))).rejects.toBe(INTERRUPTED)
    expect(stopped).toEqual(['late'])
  })

  it('kills also what is being stopped', async () => {
    const killed: string[] = []
    const session = openSession()
    const { promise, resolve } = Promise.withResolvers<void>()
    await session.add({ name: 'API', stop: () => promise, kill: () => void killed.push('API') })
    const stopping = session.stop()
    session.kill()
    expect(killed).toEqual(['API'])
    resolve()
    await stopping
  })

  it('pauses longer before every further attempt, up to ten seconds', () => {
    expect([1, 2, 3, 4, 5, 6, 20].map(pauseBefore)).toEqual([0.5, 1, 2, 4, 8, 10, 10])
  })
})
