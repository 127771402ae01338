import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import pg from 'pg'
import { pino } from 'pino'
import { until } from '../testing/until.ts'
import { type Listener, type ListenOptions, listen } from './listen.ts'

const url = process.env.TEST_DATABASE_URL ?? ''
const log = pino({ level: 'silent' })

describe('listen', () => {
  let channel: string
  let pool: pg.Pool
  let listener: Listener | undefined
  let count = 0

  beforeEach(() => {
    count += 1
    channel = `antre listen ${process.pid} ${count}`
    pool = new pg.Pool({ connectionString: url, max: 2 })
  })

  afterEach(async () => {
    await listener?.close()
    await pool.end()
  })

  const notify = (payload: string) => pool.query('select pg_notify($1, $2)', [channel, payload])
  const backends = async (): Promise<number[]> => {
    const name = `antre-listen ${channel}`
    const { rows } = await pool.query('select pid from pg_stat_activity where application_name = $1', [name])
    return rows.map(row => row.pid)
  }

  /** Collects what is heard; `until` waits for it with a bound. */
  function hear(databaseUrl: string, options: Partial<ListenOptions> = {}) {
    const heard: string[] = []
    let reconnects = 0
    listener = listen(databaseUrl, channel, payload => heard.push(payload), {
      log,
      ...options,
      onReconnect: () => {
        reconnects += 1
        options.onReconnect?.()
      },
    })
    return { heard, reconnects: () => reconnects, ready: listener.ready }
  }

  it('hears payloads in order once it is ready', async () => {
    const ear = hear(url)
    await ear.ready
    await notify('one')
    await notify('two')
    await until(() => ear.heard.length === 2)
    expect(ear.heard).toEqual(['one', 'two'])
    expect(ear.reconnects()).toBe(0)
  })

  it('listens again after its backend was killed, and says so', async () => {
    const ear = hear(url)
    await ear.ready
    const [pid] = await backends()
    await pool.query('select pg_terminate_backend($1)', [pid])
    await until(() => ear.reconnects() === 1)
    await notify('after')
    await until(() => ear.heard.includes('after'))
    expect(await backends()).not.toContain(pid)
  })

  it('notices by heartbeat that the peer is gone although the connection looks open', async () => {
    const proxy = await startProxy(new URL(url))
    try {
      const ear = hear(proxy.url, { heartbeatMs: 300 })
      await ear.ready
      proxy.stall()
      await until(() => ear.reconnects() >= 1)
      await notify('through the second connection')
      await until(() => ear.heard.includes('through the second connection'))
    } finally {
      await listener?.close()
      await proxy.close()
    }
  })

  it('waits for a database that is not there yet', async () => {
    const proxy = await startProxy(new URL(url))
    await proxy.close()
    const ear = hear(proxy.url)
    const first = await Promise.race([ear.ready.then(() => 'ready'), backends().then(() => 'still waiting')])
    expect(first).toBe('still waiting')
    const again = await startProxy(new URL(url), proxy.port)
    try {
      await ear.ready
      expect(ear.reconnects()).toBe(0)
    } finally {
      await listener?.close()
      await again.close()
    }
  })

  it('survives a callback that throws', async () => {
    const heard: string[] = []
    listener = listen(
      url,
      channel,
      payload => {
        heard.push(payload)
        throw new Error('on purpose')
      },
      { log },
    )
    await listener.ready
    await notify('one')
    await notify('two')
    await until(() => heard.length === 2)
  })

  it('leaves no connection behind after close, not even while the database is away', async () => {
    const ear = hear(url)
    await ear.ready
    await listener?.close()
    await until(async () => (await backends()).length === 0)
    await notify('nobody hears this')
    expect(ear.heard).toEqual([])

    const away = listen('postgres://nobody:nothing@127.0.0.1:1/none', channel, () => undefined, { log })
    await away.close()
    await away.ready
  })
})

/** A TCP relay in front of the database; `stall` keeps its open connections open and lets nothing more through them. */
async function startProxy(target: URL, port = 0) {
  const pairs: Socket[] = []
  const server: Server = createServer(inside => {
    const outside = connect(Number(target.port || 5432), target.hostname)
    pairs.push(inside, outside)
    for (const socket of [inside, outside]) socket.on('error', () => undefined)
    inside.pipe(outside)
    outside.pipe(inside)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String(address.port)
  return {
    url: url.href,
    port: address.port,
    stall: () => {
      for (const socket of pairs) {
        socket.unpipe()
        socket.pause()
      }
    },
    close: async () => {
      for (const socket of pairs) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
