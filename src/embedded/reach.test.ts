import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { placeBinaries } from './binaries.ts'
import { isReachable, shelterPath } from './reach.ts'
import { runCommand } from './run-command.ts'

const stranger = { uid: 54_321, gid: 54_321 }

describe('what another user can reach', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'antre-reach-test-'))
    await chmod(dir, 0o755)
    await mkdir(join(dir, 'a/bin'), { recursive: true })
    await writeFile(join(dir, 'a/bin/postgres'), '#!/bin/sh\necho from $0\n', { mode: 0o755 })
    await chmod(join(dir, 'a/bin/postgres'), 0o755)
    await chmod(join(dir, 'a/bin'), 0o755)
    await chmod(join(dir, 'a'), 0o755)
  })

  afterEach(() => rm(dir, { recursive: true, force: true }))

  it('takes every folder above and the program itself', async () => {
    const program = join(dir, 'a/bin/postgres')
    expect(await isReachable(program, stranger)).toBe(true)
    await chmod(join(dir, 'a'), 0o750)
    expect(await isReachable(program, stranger)).toBe(false)
    const owner = await stat(dir)
    expect(await isReachable(program, { uid: owner.uid, gid: owner.gid })).toBe(true)
    expect(await isReachable(program, { uid: stranger.uid, gid: owner.gid })).toBe(true)
    await chmod(join(dir, 'a'), 0o711)
    expect(await isReachable(program, stranger)).toBe(true)
    await chmod(program, 0o700)
    expect(await isReachable(program, stranger)).toBe(false)
  })

  it('runs the programs where they are, or from a copy that everybody may run', async () => {
    const native = join(dir, 'a')
    expect((await placeBinaries(native, 'test', stranger)).postgres).toBe(join(native, 'bin/postgres'))
    await chmod(join(native, 'bin'), 0o700)
    expect((await placeBinaries(native, 'test', undefined)).postgres).toBe(join(native, 'bin/postgres'))
    if (process.getuid?.() !== 0) return
    const copy = join(shelterPath(), 'native-test')
    try {
      const { postgres } = await placeBinaries(native, 'test', stranger)
      expect(postgres).toBe(join(copy, 'bin/postgres'))
      const result = await runCommand(postgres, [], { account: stranger, cwd: '/' })
      expect(result).toEqual({ code: 0, output: `from ${postgres}` })
    } finally {
      await rm(copy, { recursive: true, force: true })
    }
  })
})
