import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { notFound } from '../platform/errors.ts'
import type { FileStore } from './file-store.ts'

/**
 * Files in a folder of this machine. A file appears under its key only when all of it is on the disk: it is written beside
 * and renamed.
 */
export function createLocalFiles(dir: string): FileStore {
  const root = resolve(dir)
  return {
    async put(key, content) {
      const path = pathOf(root, key)
      const unfinished = join(root, '.unfinished', randomUUID())
      await mkdir(dirname(path), { recursive: true })
      await mkdir(dirname(unfinished), { recursive: true })
      try {
        await pipeline(content, createWriteStream(unfinished, { flags: 'wx', mode: 0o600, flush: true }))
        await rename(unfinished, path)
      } catch (error) {
        await rm(unfinished, { force: true })
        throw error
      }
    },
    async open(key) {
      try {
        const file = await open(pathOf(root, key), 'r')
        return file.createReadStream()
      } catch (error) {
        throw isMissing(error) ? notFound('File') : error
      }
    },
    remove: key => rm(pathOf(root, key), { force: true }),
  }
}

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT'

/** No part of a key may begin with a dot, so no key leaves the folder or meets an unfinished file. */
function pathOf(root: string, key: string): string {
  if (!/^[a-z0-9-][a-z0-9.-]*(\/[a-z0-9-][a-z0-9.-]*)*$/.test(key)) throw new Error(`not a key of a file: ${key}`)
  return join(root, key)
}
