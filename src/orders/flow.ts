export type StatusRule<T extends string> = {
  /** The status restarts the deadline at this many seconds after it is entered. */
  deadlineSeconds?: number
  /** The status keeps the deadline that the order already has. Without either, entering it clears the deadline. */
  keepsDeadline?: true
  /** What the sweep raises when the deadline has passed; `registry.ts` binds it to a job. */
  onDeadline?: T
  /** Held stock of an order in this status goes back. */
  releasesStock?: true
  /** Entering it ends the order for good. */
  closes?: true
}

export type TransitionRule<S extends string> = {
  from: readonly S[]
  /** `same` keeps each order's status: guarded, recorded, version + 1. */
  to: S | 'same'
  /** Ends the order although the status alone does not. */
  closes?: true
}

/** A flow is data: its statuses with their deadlines, and its transitions. */
export type Flow<S extends string = string, T extends string = string> = Readonly<{
  name: string
  /** Prefix of `orders.code`; null for flows without a code of ours. */
  codePrefix: string | null
  statuses: Readonly<Record<S, StatusRule<T>>>
  transitions: Readonly<Record<T, TransitionRule<S>>>
}>

/** Declares a flow. A transition from or to a status that does not exist, or an unknown `onDeadline`, does not compile. */
export function defineFlow<const S extends string, const T extends string>(
  name: string,
  rules: {
    codePrefix?: string
    statuses: Record<S, StatusRule<NoInfer<T>>>
    transitions: Record<T, TransitionRule<NoInfer<S>>>
  },
): Flow<S, T> {
  return { name, codePrefix: rules.codePrefix ?? null, statuses: rules.statuses, transitions: rules.transitions }
}

/** Any flow, for code that works on all of them. */
export type AnyFlow = Flow<string, string>

/** Names of the statuses in which held stock goes back. */
export const statusesThatReleaseStock = (flow: AnyFlow): string[] =>
  Object.entries(flow.statuses).flatMap(([status, rule]) => (rule.releasesStock ? [status] : []))
