import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const CONFIG = join(ROOT, '.dependency-cruiser.cjs')
const RULES: string[] = createRequire(import.meta.url)(CONFIG).forbidden.map((rule: { name: string }) => rule.name)

/** Rule, the file that breaks it, what that file imports. */
const REFUSED: [string, string, string][] = [
  ['platform-imports-left', 'src/platform/a.ts', 'src/identity/index.ts'],
  ['identity-imports-left', 'src/identity/a.ts', 'src/hot/index.ts'],
  ['hot-imports-left', 'src/hot/a.ts', 'src/jobs/index.ts'],
  ['jobs-imports-left', 'src/jobs/a.ts', 'src/orders/index.ts'],
  ['orders-imports-left', 'src/orders/a.ts', 'src/stock/index.ts'],
  ['stock-imports-left', 'src/stock/a.ts', 'src/payments/index.ts'],
  ['payments-imports-left', 'src/payments/a.ts', 'src/notify/index.ts'],
  ['notify-imports-left', 'src/notify/a.ts', 'src/files/index.ts'],
  ['files-imports-left', 'src/files/a.ts', 'src/jastip/index.ts'],
  ['jastip-imports-left', 'src/jastip/a.ts', 'src/retail/index.ts'],
  ['retail-imports-left', 'src/retail/a.ts', 'src/jastip/index.ts'],
  ['engagement-imports-left', 'src/engagement/a.ts', 'src/requests/index.ts'],
  ['requests-imports-left', 'src/requests/a.ts', 'src/factory/index.ts'],
  ['factory-imports-left', 'src/factory/a.ts', 'src/insights/index.ts'],
  ['insights-imports-left', 'src/insights/a.ts', 'src/console/index.ts'],
  ['console-imports-left', 'src/console/a.ts', 'src/registry.ts'],
  ['embedded-stands-apart', 'src/embedded/a.ts', 'src/platform/config.ts'],
  ['simulators-stands-apart', 'src/simulators/a.ts', 'src/payments/index.ts'],
  ['start-stands-apart', 'src/start/a.ts', 'src/jobs/index.ts'],
  ['demo-stands-apart', 'src/demo/a.ts', 'src/jastip/index.ts'],
  ['contexts-meet-at-the-index', 'src/jastip/b.ts', 'src/orders/advance.ts'],
  ['commands-know-no-edge', 'src/jastip/commands/a.ts', 'express'],
  ['commands-know-no-edge', 'src/jastip/commands/b.ts', 'pg-boss'],
  ['commands-know-no-edge', 'src/jastip/commands/c.ts', 'ioredis'],
  ['commands-know-no-edge', 'src/jastip/commands/d.ts', 'src/jastip/routes.ts'],
  ['commands-know-no-edge', 'src/jastip/commands/e.ts', 'src/jastip/routes/trips.ts'],
  ['commands-know-no-edge', 'src/jastip/commands/f.ts', 'src/jastip/handlers/send-refund.ts'],
  ['job-contracts-import-platform', 'src/jastip/jobs.ts', 'src/stock/index.ts'],
  ['job-contracts-import-platform', 'src/stock/jobs.ts', 'pg'],
  ['pg-boss-stays-in-jobs', 'src/orders/b.ts', 'pg-boss'],
  ['ioredis-stays-in-hot', 'src/orders/c.ts', 'ioredis'],
  ['only-tests-import-testing', 'src/worker.ts', 'src/testing/drain.ts'],
  ['only-tests-import-testing', 'bench/a.ts', 'src/testing/drain.ts'],
  ['only-start-tests-bench-import-simulators', 'src/cli/a.ts', 'src/simulators/payments.ts'],
  ['only-local-tools-import-embedded', 'src/api.ts', 'src/embedded/index.ts'],
  ['registry-is-imported-from-above', 'src/jobs/b.ts', 'src/registry.ts'],
  ['registry-is-imported-from-above', 'src/jobs/c.ts', 'src/deps.ts'],
  ['registry-imports-contexts', 'src/registry.ts', 'src/app.ts'],
  ['app-and-deps-import-contexts', 'src/app.ts', 'src/migrate.ts'],
  ['nobody-imports-an-entry', 'src/cli/b.ts', 'src/worker.ts'],
  ['only-tests-and-bench-import-migrate', 'src/cli/c.ts', 'src/migrate.ts'],
  ['bench-is-a-leaf', 'src/cli/d.ts', 'bench/a.ts'],
  ['imports-resolve', 'src/cli/e.ts', 'src/jobs/nowhere.ts'],
  ...['platform', 'identity', 'hot', 'jobs', 'orders', 'stock', 'payments', 'notify', 'files'].map(
    (name): [string, string, string] => [
      `${name}-imports-left-in-tests`,
      `src/${name}/a.test.ts`,
      'src/engagement/index.ts',
    ],
  ),
  ...['jastip', 'retail', 'engagement', 'requests', 'factory', 'insights'].map((name): [string, string, string] => [
    `${name}-imports-left-in-tests`,
    `src/${name}/a.test.ts`,
    'src/console/index.ts',
  ]),
  ['console-imports-left-in-tests', 'src/console/a.test.ts', 'src/demo/b.ts'],
  ['embedded-stands-apart-in-tests', 'src/embedded/a.test.ts', 'src/jobs/index.ts'],
  ['simulators-stands-apart-in-tests', 'src/simulators/a.test.ts', 'src/payments/index.ts'],
  ['start-stands-apart-in-tests', 'src/start/a.test.ts', 'src/jobs/index.ts'],
  ['demo-stands-apart-in-tests', 'src/demo/a.test.ts', 'src/jastip/index.ts'],
]

const ALLOWED: [string, string][] = [
  ['src/jastip/c.ts', 'src/orders/index.ts'],
  ['src/jastip/c.test.ts', 'src/testing/drain.ts'],
  ['src/jastip/d.test.ts', 'src/simulators/payments.ts'],
  ['src/jastip/commands/g.ts', 'src/stock/index.ts'],
  ['src/retail/jobs.ts', 'src/orders/index.ts'],
  ['src/notify/jobs.ts', 'zod'],
  ['src/jobs/d.ts', 'pg-boss'],
  ['src/hot/b.ts', 'ioredis'],
  ['src/deps.ts', 'src/registry.ts'],
  ['src/start.ts', 'src/simulators/payments.ts'],
  ['src/demo/c.ts', 'src/embedded/index.ts'],
  ['src/cli.ts', 'src/registry.ts'],
  ['bench/b.ts', 'src/simulators/payments.ts'],
  ['bench/c.ts', 'src/migrate.ts'],
]

let violations: Set<string>
let tree: string
beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'antre-imports-'))
  await writeTree()
  violations = cruise()
})
afterAll(() => rm(tree, { recursive: true, force: true }))

/** One file for each side of every case; the importing ones import by type and by value alternately. */
async function writeTree(): Promise<void> {
  const files = new Map<string, string>()
  const cases = [...REFUSED.map(([, from, to]): [string, string] => [from, to]), ...ALLOWED]
  for (const [, to] of cases)
    if (to.endsWith('.ts') && to !== 'src/jobs/nowhere.ts') files.set(to, 'export type A = 1\n')
  for (const [index, [from, to]] of cases.entries()) {
    const specifier = to.endsWith('.ts') ? relativeTo(from, to) : to
    const line = index % 2 === 0 ? `import { a } from '${specifier}'` : `import type { A } from '${specifier}'`
    files.set(from, `${files.get(from) ?? ''}${line}\n`)
  }
  for (const name of ['express', 'pg-boss', 'ioredis', 'pg', 'zod']) {
    files.set(`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js' }))
    files.set(`node_modules/${name}/index.js`, 'module.exports = {}\n')
  }
  files.set('package.json', JSON.stringify({ type: 'module', dependencies: {} }))
  for (const [path, text] of files) {
    await mkdir(dirname(join(tree, path)), { recursive: true })
    await writeFile(join(tree, path), text)
  }
}

function relativeTo(from: string, to: string): string {
  const path = relative(dirname(from), to)
  return path.startsWith('.') ? path : `./${path}`
}

/** Runs what `npm run check` runs, on the tree of cases. Every finding as `rule: from → to`. */
function cruise(): Set<string> {
  const bin = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const run = spawnSync(process.execPath, [bin, '--config', CONFIG, '--output-type', 'json', 'src', 'bench'], {
    cwd: tree,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const found = JSON.parse(run.stdout).summary.violations
  return new Set(
    found.map((one: { rule: { name: string }; from: string; to: string }) => told(one.rule.name, one.from, one.to)),
  )
}

const told = (rule: string, from: string, to: string): string => `${rule}: ${from} → ${to}`

/** As dependency-cruiser names a target: a package by its entry, what it cannot find as it was written. */
function targetOf(from: string, to: string): string {
  if (to === 'src/jobs/nowhere.ts') return relativeTo(from, to)
  return to.endsWith('.ts') ? to : `node_modules/${to}/index.js`
}

test.each(REFUSED)('%s refuses that %s imports %s', (rule, from, to) => {
  expect(violations).toContain(told(rule, from, targetOf(from, to)))
})

test.each(ALLOWED)('%s may import %s', (from, to) => {
  expect([...violations].filter(line => line.endsWith(`: ${from} → ${targetOf(from, to)}`))).toEqual([])
})

test('every rule has a case that it refuses', () => {
  const shown = new Set(REFUSED.map(([rule]) => rule))
  expect(RULES.filter(rule => !shown.has(rule))).toEqual([])
})

test('a cycle at run time is refused, one of types alone is not', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'antre-cycles-'))
  try {
    await mkdir(join(dir, 'src/testing'), { recursive: true })
    const files: Record<string, string> = {
      'package.json': JSON.stringify({ name: 'cycles', type: 'module' }),
      'src/testing/real.ts': "import { b } from '../real-other.ts'\nexport const a = () => b\n",
      'src/real-other.ts': "import { a } from './testing/real.ts'\nexport const b = () => a\n",
      'src/testing/typed.ts': "import { c } from '../typed-other.ts'\nexport type D = typeof c\n",
      'src/typed-other.ts': "import type { D } from './testing/typed.ts'\nexport const c = (d: D) => d\n",
    }
    for (const [path, text] of Object.entries(files)) await writeFile(join(dir, path), text)
    const run = spawnSync(
      process.execPath,
      [
        join(ROOT, 'node_modules/knip/bin/knip.js'),
        '--config',
        join(ROOT, 'knip.jsonc'),
        '--directory',
        dir,
        '--cycles',
      ],
      { encoding: 'utf8' },
    )
    expect(run.stdout).toContain('real-other.ts')
    expect(run.stdout).not.toContain('typed-other.ts')
    expect(run.status).toBe(1)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})
