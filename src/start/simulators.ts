import { z } from 'zod'
import { refusal } from '../embedded/index.ts'
import { startProcess } from './process.ts'
import type { Session } from './session.ts'

const readyMessage = z.object({ ready: z.literal(true), whatsapp: z.string(), payments: z.string() })

export type Simulators = { pid: number; whatsappUrl: string; paymentsUrl: string }

/** Starts the stand-ins for the outside world as a process. Throws a refusal when it does not become ready. */
export async function startSimulators(session: Session, env: NodeJS.ProcessEnv): Promise<Simulators> {
  const simulators = await startProcess({ name: 'simulators', script: 'src/simulators/main.ts', env })
  await session.add({ name: 'simulators', stop: () => simulators.stop(5), kill: simulators.kill })
  const message = await simulators.ready.catch(error => {
    throw refusal(`The simulators did not start: ${error.message}`)
  })
  const { whatsapp, payments } = readyMessage.parse(message)
  return { pid: simulators.pid, whatsappUrl: whatsapp, paymentsUrl: payments }
}
