import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findRun, type Run, removeRunFile, takeRunFile, writeRunFile } from './run-file.ts'
import { ensureSecrets, readSecrets } from './secrets.ts'

describe('what npm start keeps', () => {
  let home: string
  const run = (pid: number): Run => ({ pid, ready: false, apiUrl: 'http://127.0.0.1:4000', pids: {} })

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'antre-home-test-'))
  })

  afterEach(() => rm(home, { recursive: true, force: true }))

  it('lets one start have the folder, and names its address to the second', async () => {
    // A process that looks like `npm start` and only waits.
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', 'start.ts'], { stdio: 'ignore' })
    try {
      await takeRunFile(run(Number(other.pid)), home)
      expect((await findRun(home))?.pid).toBe(other.pid)
      await expect(takeRunFile(run(process.pid), home)).rejects.toThrow(
        `Antre already runs from this folder, at http://127.0.0.1:4000 (process ${other.pid}): stop it first`,
      )
      expect((await findRun(home))?.pid).toBe(other.pid)
    } finally {
      other.kill('SIGKILL')
    }
  })

  it('takes the folder over from a start that was killed, also when its process id was given away', async () => {
    const dead = spawn(process.execPath, ['-e', '', '--', 'start.ts'], { stdio: 'ignore' })
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    await new Promise(resolve => dead.once('exit', resolve))
    try {
      for (const pid of [dead.pid, stranger.pid]) {
        writeRunFile({ ...run(Number(pid)), pids: { worker: 7 } }, home)
        expect(await findRun(home)).toBeUndefined()
        expect((await takeRunFile(run(process.pid), home))?.pids).toEqual({ worker: 7 })
      }
    } finally {
      stranger.kill('SIGKILL')
    }
  })

  it('shows the run file to its owner only and removes only its own', async () => {
    await takeRunFile(run(process.pid), home)
    writeRunFile({ ...run(process.pid), ready: true }, home)
    expect((await stat(join(home, 'run.json'))).mode & 0o777).toBe(0o600)
    expect((await findRun(home))?.ready).toBe(true)
    await removeRunFile(home)
    expect(await findRun(home)).toBeUndefined()
    writeRunFile(run(1), home)
    await removeRunFile(home)
    expect(JSON.parse(await readFile(join(home, 'run.json'), 'utf8')).pid).toBe(1)
  })

  it('makes every missing secret once, for its owner only, and keeps those that are there', async () => {
    await writeFile(join(home, 'secrets.json'), JSON.stringify({ JWT_SECRET: 'kept-from-before-now' }))
    const first = await ensureSecrets(home)
    expect(first.JWT_SECRET).toBe('kept-from-before-now')
    expect(new Set(Object.values(first)).size).toBe(7)
    expect(Math.min(...Object.values(first).map(secret => secret.length))).toBeGreaterThanOrEqual(16)
    expect((await stat(join(home, 'secrets.json'))).mode & 0o777).toBe(0o600)
    expect(await ensureSecrets(home)).toEqual(first)
    expect(await readSecrets(home)).toEqual(first)
  })

  it('refuses damaged secrets instead of inventing new ones', async () => {
    await writeFile(join(home, 'secrets.json'), '{"JWT_SECRET":')
    await expect(ensureSecrets(home)).rejects.toThrow(/secrets\.json is damaged/)
  })
})
