import { createJobQueue, createWaker, startBoss } from '../src/jobs/index.ts'
import { systemActor } from '../src/platform/actor.ts'
import { createDb, createPool } from '../src/platform/db.ts'
import type { InTxHandler } from '../src/platform/job.ts'
import { createLog } from '../src/platform/log.ts'
import { inTransaction } from '../src/platform/tx.ts'
import { handlers } from '../src/registry.ts'
import { withAntre } from './databases.ts'
import { fillOrders } from './fill-orders.ts'
import type { BenchContext } from './harness.ts'

/** As many loops as a worker has slots. */
const LOOPS = 2

/** The older way: the same statements, one transaction per order, two loops in one process. */
export function loopPerOrder(context: BenchContext, count: number): Promise<number> {
  return withAntre(context.postgresUrl, async (url, pool) => {
    const ids = await fillOrders(pool, count, 'awaiting_validation')
    const log = createLog('error', 'bench')
    const own = createPool({ url, max: LOOPS, name: 'bench-loop', log })
    const boss = await startBoss(own, log)
    const deps = { db: createDb(own), jobs: createJobQueue(createWaker(own, log)), reactions: [], log }
    const [refund, release] = ['order.auto-refund', 'stock.release'].map(find)
    const dueAt = new Date().toISOString()
    const begin = performance.now()
    const loops = Array.from({ length: LOOPS }, async (_, loop) => {
      for (let n = loop; n < ids.length; n += LOOPS) {
        await inTransaction(deps, systemActor('loop'), async tx => {
          const orderIds = [ids[n]]
          await refund?.run(tx, [{ orderIds, dueAt }], [])
          await release?.run(tx, [{ orderIds }], [])
        })
      }
    })
    await Promise.all(loops)
    const perSecond = (count / (performance.now() - begin)) * 1000
    await boss.stop({ graceful: false, close: false })
    await own.end()
    return perSecond
  })
}

function find(kind: string): InTxHandler {
  const handler = handlers.find(candidate => candidate.contract.kind === kind)
  if (handler?.mode !== 'inTx') throw new Error(`no handler for ${kind}`)
  return handler
}
