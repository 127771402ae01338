/**
 * Who may import whom. Layers import what stands to their left, never back; `src/testing/import-rules.test.ts` shows
 * that every rule below can fail. A type-only import counts like any other. Cycles are knip's (`knip.json`): it alone
 * tells a type-only cycle, which is allowed, from a real one.
 */

/** Left to right; contexts of one layer do not know each other. */
const layers = [
  ['platform'],
  ['identity'],
  ['hot'],
  ['jobs'],
  ['orders'],
  ['stock', 'payments', 'notify', 'files'],
  ['jastip', 'retail', 'engagement', 'requests', 'factory'],
  ['insights'],
  ['console'],
]
const contexts = layers.flat()

/** They stand beside the product, so they may know only what says nothing of business. */
const besideTheProduct = { embedded: [], simulators: [], start: ['embedded', 'platform'], demo: ['embedded'] }

const tests = '(\\.test\\.ts$|^src/testing/)'
const folder = names => `^src/(${names.join('|')})/`
const either = parts => parts.join('|')

/** What a test of any context may use on top of what its context may. */
const forTests = either([folder(['testing', 'simulators', 'embedded']), '^src/(app|deps|registry|migrate)\\.ts$'])

function importsOnly(name, from, allowed, comment) {
  const to = allowed.length > 0 ? [from, folder(allowed)] : [from]
  return [
    {
      name,
      comment,
      severity: 'error',
      from: { path: from, pathNot: tests },
      to: { path: '^src/', pathNot: either(to) },
    },
    {
      name: `${name}-in-tests`,
      comment: `${comment} Their tests also use testing/, simulators/, embedded/ and the whole product.`,
      severity: 'error',
      from: { path: `${from}.*\\.test\\.ts$` },
      to: { path: '^src/', pathNot: either([...to, forTests]) },
    },
  ]
}

const layerRules = layers.flatMap((layer, position) =>
  layer.flatMap(name =>
    importsOnly(
      `${name}-imports-left`,
      folder([name]),
      layers.slice(0, position).flat(),
      `${name}/ imports its own files and the layers to its left.`,
    ),
  ),
)

const besideRules = Object.entries(besideTheProduct).flatMap(([name, allowed]) =>
  importsOnly(
    `${name}-stands-apart`,
    folder([name]),
    allowed,
    `${name}/ imports its own files${allowed.map(other => ` and ${other}/`).join('')} only.`,
  ),
)

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

module.exports = {
  forbidden: [
    ...layerRules,
    ...besideRules,
    forbid(
      'contexts-meet-at-the-index',
      'Another context is used through its index.ts, its public face.',
      { path: `^src/(${contexts.join('|')})/`, pathNot: tests },
      { path: folder(contexts.filter(name => name !== 'platform')), pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    ),
    forbid(
      'commands-know-no-edge',
      'A command is called from HTTP, worker, CLI and test alike: it knows neither routes, handlers nor clients.',
      { path: '/commands/', pathNot: tests },
      { path: '(^|/)node_modules/(express|pg-boss|ioredis)/|/(routes|handlers)(\\.ts$|/)' },
    ),
    forbid(
      'job-contracts-import-platform',
      'A contract may be imported by whoever enqueues it. The payload of deadline jobs and the split of a set of orders belong to the order core, so orders/ is allowed beside platform/.',
      { path: '^src/[^/]+/jobs\\.ts$' },
      { pathNot: '^src/platform/|^src/orders/index\\.ts$|(^|/)node_modules/zod/' },
    ),
    forbid(
      'pg-boss-stays-in-jobs',
      'The job store is an implementation of jobs/; the composition root names its type.',
      { pathNot: either(['^src/jobs/', '^src/deps\\.ts$', '^bench/', tests]) },
      { path: '(^|/)node_modules/pg-boss/' },
    ),
    forbid(
      'ioredis-stays-in-hot',
      'Redis holds only what is hot; embedded/ and the doctor merely ask whether it answers.',
      { pathNot: either(['^src/hot/', '^src/embedded/', '^src/cli/doctor/', '^bench/', tests]) },
      { path: '(^|/)node_modules/ioredis/' },
    ),
    forbid(
      'only-tests-import-testing',
      'Test support never runs in the product.',
      { path: '^(src|bench)/', pathNot: tests },
      { path: '^src/testing/' },
    ),
    forbid(
      'only-start-tests-bench-import-simulators',
      'The product must not know the stand-ins of the outside world.',
      { path: '^src/', pathNot: either(['^src/simulators/', '^src/start(\\.ts$|/)', tests]) },
      { path: '^src/simulators/' },
    ),
    forbid(
      'only-local-tools-import-embedded',
      'A process of the fleet gets its stores by environment; only what runs on a developer machine brings its own.',
      {
        path: '^src/',
        pathNot: either(['^src/(embedded|start|demo|cli)/', '^src/(start|demo|cli|migrate)\\.ts$', tests]),
      },
      { path: '^src/embedded/' },
    ),
    forbid(
      'registry-is-imported-from-above',
      'registry.ts, deps.ts and app.ts know everything, so nothing that they know may know them.',
      { path: '^src/', pathNot: either(['^src/(registry|deps|app|api|worker|migrate|cli)\\.ts$', '^src/cli/', tests]) },
      { path: '^src/(registry|deps|app)\\.ts$' },
    ),
    forbid(
      'registry-imports-contexts',
      'registry.ts lists what the contexts export; it takes only the type Deps from deps.ts (a value would be a cycle).',
      { path: '^src/registry\\.ts$' },
      { path: '^src/', pathNot: either([folder(contexts), '^src/deps\\.ts$']) },
    ),
    forbid(
      'app-and-deps-import-contexts',
      'app.ts and deps.ts stand below the entries.',
      { path: '^src/(app|deps)\\.ts$' },
      { path: '^src/', pathNot: either([folder(contexts), '^src/registry\\.ts$']) },
    ),
    forbid(
      'nobody-imports-an-entry',
      'Entries run when they are loaded. migrate.ts does not, and test templates and benches migrate by it.',
      { path: '^(src|bench)/' },
      { path: '^src/(api|worker|start|demo|cli)\\.ts$' },
    ),
    forbid(
      'only-tests-and-bench-import-migrate',
      'Migrating is a step of a deploy, never of a running process.',
      { path: '^src/', pathNot: tests },
      { path: '^src/migrate\\.ts$' },
    ),
    forbid('bench-is-a-leaf', 'Nothing of the product depends on a benchmark.', { path: '^src/' }, { path: '^bench/' }),
    forbid(
      'imports-resolve',
      'An import that cannot be resolved would slip past every rule. The packages of bench/ are installed apart.',
      { path: '^src/' },
      { couldNotResolve: true },
    ),
  ],
  options: {
    // typescript 7 has no JavaScript API; swc, which the tests use anyway, reads the same syntax.
    parser: 'swc',
    doNotFollow: { path: '(^|/)node_modules/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'types', 'default'] },
  },
}
