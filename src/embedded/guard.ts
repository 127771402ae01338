import { type ChildProcess, spawn } from 'node:child_process'

/** A watcher that ends a process when we are gone. Release it before ending the process oneself. */
export type Guard = { release(): void }

/**
 * Ends the process `delaySeconds` after this one died, however it died (also by SIGKILL): a shell waits on a pipe that
 * the system closes with us. Then deletes the folder, when one is given. On Windows there is no guard.
 */
export function guardProcess(
  pid: number,
  options: { signal: 'INT' | 'QUIT' | 'TERM'; delaySeconds: number; removeDir?: string | undefined },
): Guard {
  if (process.platform === 'win32') return { release: () => undefined }
  const steps = [
    // A line means release, the end of the pipe means that we died.
    'read -r line && exit 0',
    'sleep "$2"',
    'kill -s "$3" "$1" 2>/dev/null',
    'if [ -n "$4" ]; then n=0; while kill -0 "$1" 2>/dev/null && [ $n -lt 50 ]; do n=$((n+1)); sleep 0.2; done; rm -rf "$4"; fi',
  ]
  const args = [pid, options.delaySeconds, options.signal, options.removeDir ?? ''].map(String)
  const shell = spawn('sh', ['-c', steps.join('\n'), 'antre-guard', ...args], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.on('error', () => undefined)
  shell.stdin.on('error', () => undefined)
  loosen(shell)
  return { release: () => void shell.stdin.end('release\n') }
}

/** Neither the watcher nor the pipe to it keeps this process alive. */
function loosen(shell: ChildProcess): void {
  shell.unref()
  const pipe: unknown = shell.stdin
  if (pipe && typeof pipe === 'object' && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
}
