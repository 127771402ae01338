/** One order's live status as writers give it. */
export type HotStatus = {
  orderId: string
  flow: string
  status: string
  version: number
  /** The order ended for good: kept for an hour instead of a minute. */
  closed: boolean
  ownerId: string | null
  customerRef: string | null
  updatedAt: Date
  /** 0–100. Here and in `step` and `message`: unset leaves what is stored, null clears it. */
  progress?: number | null
  step?: string | null
  message?: string | null
  /** Orders the changes of progress, step and message within one version. */
  seq?: number
  /** What the flow adds, under its own names; null clears a field. */
  fields?: Readonly<Record<string, string | null>>
}

/** One order's live status as readers get it. */
export type StoredStatus = {
  orderId: string
  flow: string
  status: string
  version: number
  ownerId: string | null
  customerRef: string | null
  updatedAt: Date
  progress: number | null
  step: string | null
  message: string | null
  seq: number | null
  fields: Record<string, string>
}

export const ACTIVE_TTL_SECONDS = 60
export const CLOSED_TTL_SECONDS = 3_600

export const statusKey = (orderId: string): string => `order:${orderId}:status`
export const updatesChannel = (orderId: string): string => `order:${orderId}:updates`

/** Reads the hash of `order:{id}:status`; null when there is none or it is not a whole one of ours. */
export function parseStatus(orderId: string, hash: Record<string, string>): StoredStatus | null {
  const { flow, status, version, owner_id, customer_ref, updated_at, progress, step, message, seq, ...fields } = hash
  const updatedAt = new Date(updated_at ?? '')
  const whole = wholeNumber(version)
  if (!flow || !status || whole === null || Number.isNaN(updatedAt.getTime())) return null
  return {
    orderId,
    flow,
    status,
    version: whole,
    ownerId: owner_id ?? null,
    customerRef: customer_ref ?? null,
    updatedAt,
    progress: wholeNumber(progress),
    step: step ?? null,
    message: message ?? null,
    seq: wholeNumber(seq),
    fields,
  }
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
}
