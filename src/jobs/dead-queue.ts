import { sql } from 'kysely'
import { z } from 'zod'
import { defineJob, type InTxHandler, inTx } from '../platform/job.ts'
import { DEAD_QUEUE } from './boss.ts'
import { writeDeadLetter } from './bury.ts'
import { describeError, type JobError } from './history.ts'
import type { Runtime } from './runtime.ts'

/** Copies of jobs that pg-boss itself failed for good (its own supervisor, a call by hand) arrive in this queue. */
const deadJob = defineJob(DEAD_QUEUE, { payload: z.unknown(), batch: 100, slots: 1 })

type Source = {
  jobId: string
  kind: string
  payload: unknown
  output: { name?: string; message?: string; value?: { message?: string } } | null
}

/** Writes the dead letters of jobs that pg-boss failed without us. */
export function deadQueueHandler(rt: () => Pick<Runtime, 'handlers' | 'log' | 'meter'>): InTxHandler {
  return inTx(deadJob, async (tx, _payloads, jobs) => {
    const { rows } = await sql<Source>`
      select source_id as "jobId", source_name as kind, data as payload, source_output as output
      from pgboss.job where name = ${DEAD_QUEUE} and id = any(${jobs.map(job => job.id)}::uuid[]) and source_id is not null
    `.execute(tx.db)
    for (const { output, ...source } of rows) await writeDeadLetter(rt(), tx, { ...source, error: errorOf(output) })
  })
}

function errorOf(output: Source['output']): JobError {
  const message = output?.message ?? output?.value?.message ?? 'failed by pg-boss'
  return { ...describeError(new Error(message)), name: output?.name ?? 'Error', stack: null }
}
