/**
 * pm2: `npx pm2 start ecosystem.config.js`, after `npm run migrate` and with the variables of .env.example set.
 * API_INSTANCES (2) and WORKERS (1) choose how many processes run.
 */
import { existsSync } from 'node:fs'

// A cluster runs on the Node that runs pm2's daemon, whatever interpreter is named.
if (Number.parseInt(process.versions.node, 10) < 24) {
  throw new Error(
    `pm2 has to run on Node 24, and this is ${process.versions.node}: start it by npx pm2, from this folder`,
  )
}

const path = name => new URL(name, import.meta.url).pathname
const ownNode = path('node_modules/.bin/node')

const common = {
  cwd: path('.'),
  interpreter: existsSync(ownNode) ? ownNode : process.execPath,
  // Online only when the process says so; a reload keeps the old one until then.
  wait_ready: true,
  listen_timeout: 30_000,
  // The grace period of WORKER_GRACE_SECONDS (8 s) and 2 s more: nothing that still runs is killed.
  kill_timeout: 10_000,
  exp_backoff_restart_delay: 200,
  // Compiled modules are kept, so that a restart needs less memory and time.
  env: { NODE_COMPILE_CACHE: path('.antre/compile-cache') },
  time: false,
}

const dashboard = 'node_modules/@pg-boss/dashboard/bin/cli.js'

export const apps = [
  {
    ...common,
    name: 'antre-api',
    script: 'src/api.ts',
    exec_mode: 'cluster',
    instances: Number(process.env.API_INSTANCES || 2),
  },
  {
    ...common,
    name: 'antre-worker',
    script: 'src/worker.ts',
    exec_mode: 'fork',
    instances: Number(process.env.WORKERS || 1),
  },
  // Only where ops installed it (npm install --no-save @pg-boss/dashboard): it is no dependency of Antre.
  ...(existsSync(path(dashboard))
    ? [
        {
          ...common,
          name: 'antre-dashboard',
          script: dashboard,
          exec_mode: 'fork',
          wait_ready: false,
          env: { PGBOSS_SCHEMA: 'pgboss', HOST: '127.0.0.1', PORT: process.env.DASHBOARD_PORT || '4100' },
        },
      ]
    : []),
]
