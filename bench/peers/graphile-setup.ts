import { runMigrations } from 'graphile-worker'
import type pg from 'pg'

/** Installs graphile-worker and queues the jobs in bulk. */
export async function addGraphileJobs(url: string, pool: pg.Pool, payloads: readonly object[]): Promise<void> {
  await runMigrations({ connectionString: url, logger: (await import('./graphile-logger.ts')).quiet })
  for (let from = 0; from < payloads.length; from += 5_000) {
    const specs = payloads.slice(from, from + 5_000).map(payload => ({ identifier: 'trivial', payload }))
    await pool.query(
      `select graphile_worker.add_jobs(array(select json_populate_recordset(null::graphile_worker.job_spec, $1::json)))`,
      [JSON.stringify(specs)],
    )
  }
  await pool.query('vacuum analyze graphile_worker._private_jobs')
}
