import { spawnSync } from 'node:child_process'
import pg from 'pg'
import type { BenchContext } from './harness.ts'

const SECONDS = 4

/**
 * `pgbench -N` (simple update) transactions per second on the same server: what one-row transactions reach there.
 * Prepared statements and as many clients as were fastest here.
 */
export async function createPgbench(context: BenchContext): Promise<{ tps(): Promise<number>; drop(): Promise<void> }> {
  const url = new URL(context.postgresUrl)
  const admin = new pg.Client({ connectionString: context.postgresUrl })
  await admin.connect()
  await admin.query('drop database if exists bench_pgbench with (force)')
  await admin.query('create database bench_pgbench')
  url.pathname = '/bench_pgbench'
  run(url, ['-i', '-q', '-s', '20'])
  let clients = 0
  let best = 0
  for (const candidate of [8, 16, 32]) {
    const tps = tpsOf(run(url, ['-N', '-n', '-M', 'prepared', '-c', String(candidate), '-j', '2', '-T', '3']))
    if (tps > best) [best, clients] = [tps, candidate]
  }
  context.progress(`pgbench -N is fastest with ${clients} clients`)
  return {
    tps: async () =>
      tpsOf(run(url, ['-N', '-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(SECONDS)])),
    drop: async () => {
      await admin.query('drop database bench_pgbench with (force)')
      await admin.end()
    },
  }
}

function run(url: URL, args: string[]): string {
  const env = {
    ...process.env,
    PGHOST: url.hostname,
    PGPORT: url.port,
    PGUSER: url.username,
    PGPASSWORD: url.password,
    PGDATABASE: url.pathname.slice(1),
  }
  const { status, stdout, stderr, error } = spawnSync('pgbench', args, { env, encoding: 'utf8' })
  if (error) throw new Error('pgbench is not installed: it is in the Debian package postgresql-contrib (or postgresql)')
  if (status !== 0) throw new Error(`pgbench failed: ${stderr}`)
  return stdout
}

function tpsOf(output: string): number {
  const match = /^tps = ([\d.]+)/m.exec(output)
  if (!match) throw new Error(`pgbench printed no tps: ${output}`)
  return Number(match[1])
}
