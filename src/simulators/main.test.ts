import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { eventually } from './test-support.ts'

const entry = fileURLToPath(new URL('./main.ts', import.meta.url))
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function run(env: Record<string, string>) {
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  children.push(child)
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk: Buffer) => (output.stdout += chunk))
  child.stderr?.on('data', (chunk: Buffer) => (output.stderr += chunk))
  // `exit`, since after a disconnect Node emits no `close`.
  return { child, output, exited: once(child, 'exit') }
}

test.each(['SIGTERM', 'SIGINT', 'a lost parent'] as const)('says where it listens and stops on %s', async how => {
  const { child, output, exited } = run({ PAYMENT_WEBHOOK_SECRET: 'hook-secret', WHATSAPP_TOKEN: '' })
  const [ready] = await once(child, 'message')
  expect(ready).toEqual({ ready: true, whatsapp: expect.any(String), payments: expect.any(String) })
  expect((await fetch(`${ready.whatsapp}/_sim/messages`)).status).toBe(200)
  expect((await fetch(`${ready.payments}/_sim/ledger`)).status).toBe(200)
  if (how === 'a lost parent') child.disconnect()
  else child.kill(how)
  expect(await exited).toEqual([0, null])
  await eventually(() => output.stdout.endsWith('\n'))
  expect(JSON.parse(output.stdout)).toEqual(ready)
})

test('says in one line why it cannot start', async () => {
  const { child, exited, output } = run({})
  const ended = child.stderr && once(child.stderr, 'end')
  expect(await exited).toEqual([1, null])
  await ended
  expect(output.stderr.trim().split('\n')).toHaveLength(1)
  expect(output.stderr).toContain('PAYMENT_WEBHOOK_SECRET')
})
