import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage, refusal } from '../embedded/index.ts'
import { INTERRUPTED } from './session.ts'

const LIMIT_SECONDS = 60

/** Waits until the API says that everything is up. Throws a refusal with its last answer when it takes too long. */
export async function waitUntilReady(apiUrl: string, stopping: AbortSignal): Promise<void> {
  const end = performance.now() + LIMIT_SECONDS * 1000
  let last = 'no answer'
  while (performance.now() < end) {
    if (stopping.aborted) throw INTERRUPTED
    last = await askReady(apiUrl)
    if (last === '200') return
    await sleep(50)
  }
  throw refusal(`${apiUrl}/api/health/ready did not become ready within ${LIMIT_SECONDS} s (last: ${last})`)
}

async function askReady(apiUrl: string): Promise<string> {
  try {
    const answer = await fetch(`${apiUrl}/api/health/ready`, { signal: AbortSignal.timeout(5000) })
    await answer.body?.cancel()
    return String(answer.status)
  } catch (error) {
    return errorMessage(error)
  }
}
