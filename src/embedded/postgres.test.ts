import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { removeDataDir } from './data-dir.ts'
import { isAlive } from './lock-file.ts'
import { type EmbeddedPostgres, type PostgresOptions, startPostgres } from './postgres.ts'

const isRoot = process.getuid?.() === 0

describe('the embedded Postgres', () => {
  let dir: string
  const started: EmbeddedPostgres[] = []

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'antre-postgres-test-'))
    await chmod(dir, 0o711)
  })

  afterEach(async () => {
    for (const server of started.splice(0)) await server.stop('immediate')
    await removeDataDir(join(dir, 'data'))
    await rm(dir, { recursive: true, force: true })
  })

  async function start(options: Partial<PostgresOptions> = {}): Promise<EmbeddedPostgres> {
    const server = await startPostgres({ dataDir: join(dir, 'data'), guard: { delaySeconds: 0 }, ...options })
    started.push(server)
    return server
  }

  it('keeps committed data over an immediate restart on the same address', async () => {
    const server = await start()
    await query(server.url, 'create table kept as select 42 as answer')
    const before = server.pid
    await server.restart('immediate')
    expect(server.pid).not.toBe(before)
    expect(isAlive(before)).toBe(false)
    expect(await query(server.url, 'select answer from kept')).toEqual([{ answer: 42 }])
  })

  it('keeps data between two runs, whichever port they get', async () => {
    const first = await start()
    await query(first.url, "create table kept as select 'yes' as word")
    await first.stop()
    const second = await start()
    expect(await query(second.url, 'select word from kept')).toEqual([{ word: 'yes' }])
  })

  it('commits durably, in UTC and UTF-8, and takes 400 connections', async () => {
    const { url } = await start()
    const [settings] = await query(
      url,
      `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit,
              current_setting('max_connections') as max_connections, current_setting('timezone') as timezone,
              current_setting('server_encoding') as encoding, 'b' < 'B' as by_locale, current_database() as database`,
    )
    expect(settings).toEqual({
      fsync: 'on',
      synchronous_commit: 'on',
      max_connections: '400',
      timezone: 'UTC',
      encoding: 'UTF8',
      by_locale: false,
      database: 'antre',
    })
  })

  it('takes settings and lets nobody in without the password', async () => {
    const { url } = await start({ settings: { fsync: 'off', work_mem: '7MB' } })
    expect(await query(url, "select current_setting('fsync') as fsync, current_setting('work_mem') as mem")).toEqual([
      { fsync: 'off', mem: '7MB' },
    ])
    const stranger = new URL(url)
    stranger.password = 'guessed'
    await expect(query(stranger.href, 'select 1')).rejects.toThrow(/password authentication failed/)
  })

  it('names the server that already runs on the folder, in one sentence', async () => {
    const server = await start()
    await expect(start()).rejects.toThrow(
      new RegExp(`^Postgres already runs on \\S+ \\(process ${server.pid}, port ${server.port}\\)$`),
    )
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('starts over the lock file of a dead server, also when its process id belongs to something else now', async () => {
    const server = await start()
    const lockFile = join(server.dataDir, 'postmaster.pid')
    const lock = await readFile(lockFile, 'utf8')
    await server.stop('immediate')
    for (const pid of [server.pid, process.pid]) {
      await writeFile(lockFile, lock.replace(/^\d+/, String(pid)))
      const again = await start()
      expect(await query(again.url, 'select 1 as one')).toEqual([{ one: 1 }])
      await again.stop()
    }
  })

  it('begins again where an earlier creation was cut short, but never empties a folder of somebody else', async () => {
    const dataDir = join(dir, 'data')
    await mkdir(join(dataDir, 'base'), { recursive: true })
    await expect(start()).rejects.toThrow(/holds other files$/)
    await writeFile(join(dataDir, 'PG_VERSION'), '18\n')
    const server = await start()
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('works below a folder that other users may not enter, and is removed with all of its data', async () => {
    await chmod(dir, 0o700)
    const server = await start()
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
    // Only root has to run it as another user, who cannot get into the folder.
    expect((await lstat(join(dir, 'data'))).isSymbolicLink()).toBe(isRoot)
    expect(server.dataDir.startsWith('/var/lib/antre/')).toBe(isRoot)
    await server.stop()
    await removeDataDir(join(dir, 'data'))
    await expect(lstat(join(dir, 'data'))).rejects.toThrow(/ENOENT/)
    await expect(lstat(server.dataDir)).rejects.toThrow(/ENOENT/)
  })

  it('says when it ended by itself, and only then', async () => {
    let ends = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    const onEnd = () => {
      ends++
      resolve()
    }
    const server = await start({ onEnd })
    await server.restart('fast')
    expect(ends).toBe(0)
    process.kill(server.pid, 'SIGQUIT')
    await promise
    expect(ends).toBe(1)
  })

  it('does not outlive the process that started it', async () => {
    const script = `
      import { startPostgres } from ${JSON.stringify(new URL('./postgres.ts', import.meta.url).href)}
      const server = await startPostgres({ dataDir: ${JSON.stringify(join(dir, 'data'))}, guard: { delaySeconds: 0 } })
      process.stdout.write(server.pid + '\\n')
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(parent.stdout, 'data')
    const pid = Number(String(line))
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    while (isAlive(pid)) await new Promise(resolve => setTimeout(resolve, 20))
  })
})

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
