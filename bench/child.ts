import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A peer in a process of its own. It sends `ready` when it could begin, waits for `go`, and sends `handled` after its last job. */
export async function startPeer(file: string, env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'peers', file)], {
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await message(child, 'ready')
  return child
}

/** Waits for a message of the peer. @throws when it ends before */
export function message(child: ChildProcess, wanted: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (data: unknown) => {
      const kind = typeof data === 'object' && data !== null && 'kind' in data ? data.kind : data
      if (kind !== wanted) return
      child.off('message', onMessage)
      resolve(data)
    }
    child.on('message', onMessage)
    child.once('exit', code => reject(new Error(`a peer ended with code ${code} before it said ${wanted}`)))
  })
}

export async function stopPeer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
