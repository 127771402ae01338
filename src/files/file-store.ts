import type { Readable } from 'node:stream'

/** Where files live. Keys are made by us: lower case letters, digits, `-`, `.` and `/` between folders. */
export type FileStore = {
  /** Stores all of the content under the key, or nothing when the content breaks off. */
  put(key: string, content: AsyncIterable<Uint8Array>, options: { contentType: string }): Promise<void>
  /** @throws AppError 404 when there is no such file */
  open(key: string): Promise<Readable>
  /** Nothing happens when there is no such file. */
  remove(key: string): Promise<void>
}
