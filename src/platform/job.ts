import type { z } from 'zod'
import type { Tx, TxDb } from './tx.ts'

/** 5 s → 30 s → 5 min, then the dead letters. */
const RETRY_CURVE: readonly number[] = [5, 30, 300]
export const PRIORITIES = { high: 10, normal: 0, low: -10 } as const
export type Priority = keyof typeof PRIORITIES

/** What a kind of job promises. The contract lives in the context that owns the handler; every context may enqueue it. */
export type JobContract<P> = Readonly<{
  kind: string
  payload: z.ZodType<P>
  /** Seconds before each retry: first run + as many retries as entries. */
  retry: readonly number[]
  /** `inTx` only: most jobs in one transaction. */
  batch: number
  /** How many batches (`inTx`) or jobs (`outside`) one worker process runs at a time. */
  slots: number
  timeoutSeconds: number
  priority: Priority
  /** With a key only one job of this kind and key is queued at a time; a later enqueue joins the queued one. */
  key: ((payload: P) => string) | undefined
  /** Jobs that replace a failed set, so that one bad member is retried alone. One element: nothing to split. */
  split: ((payload: P) => P[]) | undefined
}>

export function defineJob<P>(
  kind: string,
  options: {
    payload: z.ZodType<P>
    retry?: readonly number[]
    batch?: number
    slots?: number
    timeoutSeconds?: number
    priority?: Priority
    key?: (payload: P) => string
    split?: (payload: P) => P[]
  },
): JobContract<P> {
  return {
    kind,
    payload: options.payload,
    retry: options.retry ?? RETRY_CURVE,
    batch: options.batch ?? 50,
    slots: options.slots ?? 2,
    timeoutSeconds: options.timeoutSeconds ?? 60,
    priority: options.priority ?? 'normal',
    key: options.key,
    split: options.split,
  }
}

export type EnqueueOptions = { priority?: Priority; startAfter?: Date }

/** The job store as transactions see it; `jobs/` implements it on pg-boss. */
export type JobQueue = {
  /** Inserts the jobs through the caller's transaction: they exist when, and only when, it commits. */
  insert<P>(
    db: TxDb,
    job: JobContract<P>,
    payloads: readonly P[],
    options: EnqueueOptions & { now: Date },
  ): Promise<void>
  /** Says after the commit that these kinds have work. Never throws: the dispatchers' own look is the floor. */
  wake(kinds: Iterable<string>): void
}

/** Ends this job at once in the dead letters: a retry could not help. */
export class Permanent extends Error {
  override name = 'Permanent'
}

/** Puts the job back for later without using an attempt. */
export class Snooze extends Error {
  override name = 'Snooze'
  readonly seconds: number
  constructor(seconds: number, reason = 'snoozed') {
    super(reason)
    this.seconds = seconds
  }
}

/** One claimed attempt, as handlers see it. */
export type JobRun = Readonly<{ id: string; kind: string; attempt: number }>

/** What an `outside` handler gets beside its payload. */
export type OutsideRun = JobRun & {
  /** Fires on cancellation, on timeout and when a deploy asks the handler to detach. */
  signal: AbortSignal
  /** True when `signal` fired because the process stops: detach, the job runs again elsewhere without losing an attempt. */
  isStopping(): boolean
  /** Records the effects and completes the job in one transaction; a lost claim rolls both back and throws. */
  complete<T>(record: (tx: Tx) => Promise<T>): Promise<T>
  /** A short transaction of its own, for the claim before the call. */
  transaction<T>(fn: (tx: Tx) => Promise<T>): Promise<T>
}

/** What happens, in the transaction that writes the dead letter, to the row that the job was about. */
export type OnDead = (tx: Tx, payload: unknown, error: Error) => Promise<void>

export type InTxHandler = Readonly<{
  mode: 'inTx'
  contract: JobContract<never>
  run: (tx: Tx, payloads: readonly unknown[], jobs: readonly JobRun[]) => Promise<void>
  onDead: OnDead | undefined
}>

export type OutsideHandler<D> = Readonly<{
  mode: 'outside'
  contract: JobContract<never>
  run: (deps: D, payload: unknown, run: OutsideRun) => Promise<void>
  onDead: OnDead | undefined
}>

export type JobHandler<D> = InTxHandler | OutsideHandler<D>

function parse<P>(contract: JobContract<P>, payload: unknown): P {
  const parsed = contract.payload.safeParse(payload)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Permanent(
    `payload of ${contract.kind} is invalid at ${issue?.path.join('.') || '(root)'}: ${issue?.message}`,
  )
}

type Dying<P> = { onDead?: (tx: Tx, payload: P, error: Error) => Promise<void> }

const dying = <P>(contract: JobContract<P>, hook: Dying<P>['onDead']): OnDead | undefined =>
  hook && ((tx, payload, error) => hook(tx, parse(contract, payload), error))

/**
 * A handler whose effects are state only. It gets a batch in one transaction; its effects and the completion of all its
 * jobs commit together. When it throws, the batch is rolled back and each job runs alone.
 */
export function inTx<P>(
  contract: JobContract<P>,
  run: (tx: Tx, payloads: P[], jobs: readonly JobRun[]) => Promise<void>,
  hooks: Dying<P> = {},
): InTxHandler {
  return {
    mode: 'inTx',
    contract: contract as unknown as JobContract<never>,
    run: (tx, payloads, jobs) =>
      run(
        tx,
        payloads.map(payload => parse(contract, payload)),
        jobs,
      ),
    onDead: dying(contract, hooks.onDead),
  }
}

/** A handler that talks to the outside: a short transaction to claim, the call without one, `run.complete` to record. */
export function outside<P, D>(
  contract: JobContract<P>,
  run: (deps: D, payload: P, run: OutsideRun) => Promise<void>,
  hooks: Dying<P> = {},
): OutsideHandler<D> {
  return {
    mode: 'outside',
    contract: contract as unknown as JobContract<never>,
    run: (deps, payload, claimed) => run(deps, parse(contract, payload), claimed),
    onDead: dying(contract, hooks.onDead),
  }
}
