import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres, startRedis } from '../src/embedded/index.ts'
import { type Bench, reportResult, type Size } from './harness.ts'

const BENCHES: Record<string, () => Promise<Bench | undefined>> = {
  drain: async () => (await import('./drain.ts')).bench,
  settle: () => settleBench('settle'),
  'core-settle': () => settleBench('core-settle'),
  sweep: () => settleBench('sweep'),
  'core-sweep': () => settleBench('core-sweep'),
  pickup: async () => (await import('./pickup.ts')).bench,
}

const settleBench = async (name: string): Promise<Bench | undefined> => (await import('./settle.ts')).benches[name]

/** `npm run bench [-- name …] [--full]`: every benchmark starts its own stores, prints ratios and says pass or short. */
async function main(): Promise<void> {
  const args = process.argv.slice(2)
  const size: Size = args.includes('--full') ? 'full' : 'quick'
  const names = args.filter(arg => !arg.startsWith('--'))
  const unknown = names.filter(name => BENCHES[name] === undefined)
  if (unknown.length > 0)
    return refuse(`Unknown benchmark ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(' ')}`)
  installPeers()
  const dir = await mkdtemp(join(tmpdir(), 'antre-bench-'))
  await chmod(dir, 0o711)
  const guard = { delaySeconds: 0, removeDir: dir }
  const postgres = await startPostgres({ dataDir: join(dir, 'postgres'), settings: BENCH_SETTINGS, guard })
  const redis = await startRedis({ dir: join(dir, 'redis'), guard: { delaySeconds: 0 } })
  const passed: boolean[] = []
  try {
    for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
      const bench = await BENCHES[name]?.()
      if (bench === undefined) continue
      const progress = (text: string) => process.stderr.write(`${name}: ${text}\n`)
      const context = { size, rounds: 5, postgresUrl: postgres.url, redisUrl: redis?.url, progress }
      passed.push(await reportResult(await bench.run(context), size))
    }
  } finally {
    await redis?.stop()
    await postgres.stop()
  }
  if (passed.includes(false)) process.exitCode = 2
}

/** All sides use this server: fsync and synchronous_commit stay on, memory as a small server would have it. */
const BENCH_SETTINGS = {
  shared_buffers: '1GB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  wal_compression: 'off',
}

function installPeers(): void {
  if (existsSync(join(import.meta.dirname, 'node_modules'))) return
  process.stderr.write('installing the peers (bench/package.json)\n')
  const { status } = spawnSync('npm', ['ci', '--prefix', import.meta.dirname], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) throw new Error('npm ci in bench/ failed: the peers cannot be measured')
}

function refuse(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = 1
}

await main()
