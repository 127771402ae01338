import { Queue } from 'bullmq'

const KEPT = { removeOnComplete: true, removeOnFail: false }

/** The connection of a queue on this Redis. */
export const connectionOf = (url: string) => {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null }
}

/** Queues the jobs in bulk. */
export async function addBullmqJobs(url: string, payloads: readonly object[]): Promise<Queue> {
  const queue = new Queue('trivial', { connection: connectionOf(url) })
  for (let from = 0; from < payloads.length; from += 2_000) {
    await queue.addBulk(payloads.slice(from, from + 2_000).map(data => ({ name: 'trivial', data, opts: KEPT })))
  }
  return queue
}
