import { timeOfId } from '../platform/ids.ts'

/**
 * How long the first attempts among these jobs waited, in milliseconds: an id carries the moment at which its job fell
 * due. Retries and jobs with ids of others are left out.
 */
export function waitsOf(jobs: readonly { id: string; retryCount: number }[], nowMs: number): number[] {
  return jobs.flatMap(({ id, retryCount }) => {
    const due = retryCount === 0 ? timeOfId(id) : undefined
    return due === undefined ? [] : [Math.max(0, nowMs - due)]
  })
}
