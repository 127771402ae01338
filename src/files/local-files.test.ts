import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createLocalFiles, type FileStore } from './index.ts'

let dir: string
let files: FileStore

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'antre-files-'))
  files = createLocalFiles(join(dir, 'store'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

async function* bytes(...parts: string[]) {
  for (const part of parts) yield Buffer.from(part)
}
const type = { contentType: 'image/png' }
const read = async (key: string) => (await buffer(await files.open(key))).toString()

async function storedFiles(): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => entry.name)
}

test('gives back what was put, and only the owner of the process may read it', async () => {
  await files.put('proofs/ab/one.png', bytes('first ', 'half'), type)
  expect(await read('proofs/ab/one.png')).toBe('first half')
  expect((await stat(join(dir, 'store/proofs/ab/one.png'))).mode & 0o077).toBe(0)
})

test('content that breaks off leaves nothing behind', async () => {
  async function* broken() {
    yield Buffer.from('first half')
    throw new Error('the line went dead')
  }
  await expect(files.put('proofs/one.png', broken(), type)).rejects.toThrow('the line went dead')
  expect(await storedFiles()).toEqual([])
  await expect(files.open('proofs/one.png')).rejects.toMatchObject({ status: 404 })
})

test('a file is seen as a whole or not at all while another takes its place', async () => {
  await files.put('a.pdf', bytes('old'), type)
  let seen = ''
  async function* slow() {
    yield Buffer.from('ne')
    seen = await read('a.pdf')
    yield Buffer.from('w')
  }
  await files.put('a.pdf', slow(), type)
  expect([seen, await read('a.pdf')]).toEqual(['old', 'new'])
})

test('removes a file, and nothing when there is none', async () => {
  await files.put('a.pdf', bytes('x'), type)
  await files.remove('a.pdf')
  await files.remove('a.pdf')
  expect(await storedFiles()).toEqual([])
})

test.each([
  '../escape',
  'a/../../escape',
  '/etc/passwd',
  'a//b',
  '',
  '.unfinished/x',
  'a/.hidden',
  'a\0b',
  'A',
  'a\\b',
])('refuses the key %p', async key => {
  await expect(files.open(key)).rejects.toThrow('not a key')
  await expect(files.put(key, bytes('x'), type)).rejects.toThrow('not a key')
  await expect((async () => files.remove(key))()).rejects.toThrow('not a key')
  expect(await storedFiles()).toEqual([])
})
