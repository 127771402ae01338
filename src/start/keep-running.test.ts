import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../embedded/index.ts'
import { startService } from './keep-running.ts'
import { startProcess } from './process.ts'

describe('a process of npm start', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'antre-service-test-'))
  })

  afterEach(() => rm(dir, { recursive: true, force: true }))

  async function script(text: string) {
    const path = join(dir, 'script.ts')
    await writeFile(path, text)
    return { name: 'test-service', script: path, env: process.env, logDir: dir }
  }

  it('is started again when it dies, and not after it was told to stop', async () => {
    const pids: number[] = []
    const again = Promise.withResolvers<void>()
    const service = await startService(
      await script(`setInterval(() => {}, 1000); process.send('ready')`),
      pid => pids.push(pid) === 2 && again.resolve(),
    )
    await service.ready
    process.kill(service.pid, 'SIGKILL')
    await again.promise
    expect(pids[1]).not.toBe(pids[0])
    expect(service.pid).toBe(pids[1])
    await service.stop(5)
    expect(pids.map(isAlive)).toEqual([false, false])
  })

  it('gives its last word as the reason when it cannot start', async () => {
    const options = await script(`console.error('The table orders is missing: run npm run migrate'); process.exit(1)`)
    const service = await startService(options, () => undefined)
    await expect(service.ready).rejects.toThrow('The table orders is missing: run npm run migrate')
  })

  it('shows the warnings of a process that did its work and ended', async () => {
    const shown: unknown[] = []
    const { write } = process.stdout
    const options = await script(`console.log(JSON.stringify({ level: 40, msg: 'no roles were created' }))`)
    process.stdout.write = (text: unknown) => shown.push(text) > 0
    try {
      const done = await startProcess(options)
      await done.ended
      expect(shown).toEqual([])
      done.showWarnings()
      expect(shown).toEqual(['test-service warn no roles were created\n'])
    } finally {
      process.stdout.write = write
    }
  })

  it('may finish its work when told to stop, within the limit', async () => {
    const file = join(dir, 'finished')
    const polite = await startProcess(
      await script(`
        import { writeFileSync } from 'node:fs'
        process.once('SIGTERM', () => setTimeout(() => { writeFileSync(${JSON.stringify(file)}, 'yes'); process.exit(0) }, 50))
        setInterval(() => {}, 1000); process.send('ready')`),
    )
    await polite.ready
    await polite.stop(10)
    expect(await readFile(file, 'utf8')).toBe('yes')
    const deaf = await startProcess(
      await script(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.send('ready')`),
    )
    await deaf.ready
    await deaf.stop(0.1)
    expect(await deaf.ended).toBe('SIGKILL')
  })
})
