import { createServer } from 'node:net'
import { errorCode, refusal } from '../embedded/index.ts'

/** Throws a refusal when the API could not listen there. */
export async function checkPort(port: number, host: string): Promise<void> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
  } catch (error) {
    throw refusal(reasonFor(error, port, host))
  }
  await new Promise(resolve => server.close(resolve))
}

function reasonFor(error: unknown, port: number, host: string): string {
  const code = errorCode(error)
  if (code === 'EADDRINUSE') {
    return `Port ${port} is taken by another program: stop it, or choose another port, such as PORT=${port + 1} npm start`
  }
  if (code === 'EACCES') return `Port ${port} needs rights that this user does not have: choose one above 1023`
  return `The API cannot listen on ${host} (HOST): ${code ?? 'unknown reason'}`
}
