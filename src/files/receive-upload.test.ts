import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { AppError } from '../platform/errors.ts'
import { sha256Hex } from '../platform/ids.ts'
import { createLocalFiles, type FileStore, type ReceivedFile, receiveUpload } from './index.ts'

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
const JPEG = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex')
const WEBP = Buffer.from('RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0', 'latin1')
const PDF = Buffer.from('%PDF-1.7\n%EOF')
const GIF = Buffer.from('GIF89a\x01\0\x01\0\0\0\0;', 'latin1')
const EXE = Buffer.from('MZ\x90\0\x03\0\0\0\x04\0\0\0', 'latin1')
const MAX_BYTES = 5_242_880

let dir: string
let files: FileStore
let server: Server
let url: string
let settled: () => void = () => undefined

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'antre-upload-'))
  files = createLocalFiles(dir)
  server = createServer((req, res) => {
    receiveUpload(req, files, { folder: 'proofs' })
      .then(
        file => res.end(JSON.stringify(file)),
        error => {
          res.statusCode = error instanceof AppError ? error.status : 500
          res.end(JSON.stringify({ code: error.code }))
        },
      )
      .finally(() => settled())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => rm(join(dir, 'proofs'), { recursive: true, force: true }))
afterAll(async () => {
  server?.closeAllConnections()
  server?.close()
  await rm(dir, { recursive: true, force: true })
})

async function storedFiles(): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => entry.name)
}
type Part = { name?: string; filename?: string; type?: string; content: Buffer }
async function upload(...parts: Part[]): Promise<{ status: number; body: ReceivedFile & { code?: string } }> {
  const form = new FormData()
  for (const { name = 'file', filename = 'proof.png', type = 'image/png', content } of parts) {
    form.append(name, new File([new Uint8Array(content)], filename, { type }))
  }
  return await post(form)
}
async function post(body: RequestInit['body'], headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: 'POST', body: body ?? null, headers })
  return { status: response.status, body: (await response.json()) as ReceivedFile & { code?: string } }
}
const refused = (status: number, code: string) => ({ status, body: { code } })

test('stores a file under a key of its own and says what it is', async () => {
  const { status, body } = await upload({ content: PNG })
  expect([status, body.type, body.bytes, body.sha256]).toEqual([200, 'image/png', PNG.length, sha256Hex(PNG)])
  expect(body.key).toMatch(/^proofs\/[0-9a-f]{2}\/[0-9a-f-]{36}\.png$/)
  expect(await buffer(await files.open(body.key))).toEqual(PNG)
})

test.each([
  ['image/jpeg', JPEG],
  ['image/webp', WEBP],
  ['application/pdf', PDF],
  ['image/png', PNG],
])('takes %s by its content, whatever the client calls it', async (type, content) => {
  const { body } = await upload({ content, filename: '../../notes.txt', type: 'text/plain' })
  expect(body.type).toBe(type)
})

test.each([
  ['an .exe', EXE],
  ['a GIF', GIF],
  ['plain text', Buffer.from('hello')],
  ['nothing', Buffer.alloc(0)],
])('refuses %s named proof.png and stores nothing', async (_, content) => {
  expect(await upload({ content })).toEqual(refused(422, 'file_type_not_allowed'))
  expect(await storedFiles()).toEqual([])
})

test('takes 5,242,880 bytes and refuses one more, storing nothing', async () => {
  const largest = Buffer.concat([PNG, Buffer.alloc(MAX_BYTES - PNG.length)])
  expect((await upload({ content: largest })).body).toMatchObject({ bytes: MAX_BYTES, sha256: sha256Hex(largest) })
  await rm(join(dir, 'proofs'), { recursive: true })
  expect(await upload({ content: Buffer.concat([largest, Buffer.alloc(1)]) })).toEqual(refused(413, 'file_too_large'))
  expect(await storedFiles()).toEqual([])
})

const HEAD = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n'
const multipart = { 'content-type': 'multipart/form-data; boundary=b' }

test('says so while the file is still streaming in, without waiting for its end', async () => {
  const call = request(url, { method: 'POST', headers: multipart })
  const answered = new Promise<number | undefined>((resolve, reject) => {
    call.on('response', response => resolve(response.statusCode))
    call.on('error', reject)
  })
  call.write(HEAD)
  call.write(Buffer.concat([PNG, Buffer.alloc(MAX_BYTES)]))
  expect(await answered).toBe(413)
  call.on('error', () => undefined)
  call.destroy()
  expect(await storedFiles()).toEqual([])
})

test('a client that goes away leaves nothing behind', async () => {
  const ended = new Promise<void>(resolve => {
    settled = resolve
  })
  const call = request(url, { method: 'POST', headers: multipart })
  call.on('error', () => undefined)
  call.write(HEAD)
  call.write(Buffer.concat([PNG, Buffer.alloc(1_000_000)]), () => call.destroy())
  await ended
  expect(await storedFiles()).toEqual([])
})

test('wants one part that is called file', async () => {
  expect(await upload({ name: 'image', content: PNG })).toEqual(refused(422, 'file_missing'))
  expect(await upload()).toEqual(refused(422, 'file_missing'))
  expect(await upload({ content: PNG }, { content: JPEG })).toEqual(refused(422, 'too_many_files'))
  expect(await storedFiles()).toEqual([])
  expect((await upload({ name: 'image', content: PNG }, { content: JPEG })).body.type).toBe('image/jpeg')
})

test('refuses what is not multipart, and multipart that breaks off', async () => {
  expect(await post('{}', { 'content-type': 'application/json' })).toEqual(refused(415, 'unsupported_media_type'))
  expect(await post('x', { 'content-type': 'multipart/form-data' })).toEqual(refused(415, 'unsupported_media_type'))
  expect(await post(HEAD + PNG.toString('latin1'), multipart)).toEqual(refused(400, 'malformed_multipart'))
  expect(await post('no boundary here', multipart)).toEqual(refused(400, 'malformed_multipart'))
  expect(await storedFiles()).toEqual([])
})
