import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import busboy from 'busboy'
import { fileTypeFromBuffer } from 'file-type'
import { AppError, invalid } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { FileStore } from './file-store.ts'

/** `type` is found by content; `sha256` in hex. */
export type ReceivedFile = { key: string; type: string; bytes: number; sha256: string }

export type UploadOptions = {
  /** First part of the key: lower case letters and dashes. */
  folder: string
  /** 5 MB unless said. */
  maxBytes?: number
  /** Types that are taken; JPEG, PNG, WebP and PDF unless said. */
  types?: readonly string[]
}

const MAX_BYTES = 5_242_880
const TYPES: readonly string[] = ['image/jpeg', 'image/png', 'image/webp', 'application/pdf']
/** What file-type wants to see of a file. */
const HEAD_BYTES = 4_100

const tooLarge = (maxBytes: number) => new AppError(413, 'file_too_large', `The file is larger than ${maxBytes} bytes`)
const malformed = () => new AppError(400, 'malformed_multipart', 'The upload broke off or is not valid multipart')

/**
 * Reads a multipart request with one part `file` into the store, under a key made by us, and returns what was stored.
 * The client's name and type are ignored. Refused uploads leave nothing behind; whoever calls removes the file when its
 * own transaction fails. The rest of a refused request is read and dropped, so that the client hears the answer.
 * @throws AppError 413 `file_too_large` while streaming, 415 `unsupported_media_type`, 400 `malformed_multipart`,
 * 422 `file_missing`, `too_many_files` or `file_type_not_allowed`
 */
export async function receiveUpload(
  req: IncomingMessage,
  store: FileStore,
  options: UploadOptions,
): Promise<ReceivedFile> {
  const form = openForm(req)
  // Also when the client was gone before anybody listened: nothing would ever end then.
  if (req.destroyed) throw malformed()
  const breakOff = () => !req.complete && form.destroy(malformed())
  req.once('close', breakOff)
  let storing: Promise<ReceivedFile> | undefined
  try {
    return await new Promise<ReceivedFile>((resolve, reject) => {
      form.on('file', (name, part) => {
        part.on('error', () => reject(malformed()))
        if (name !== 'file') return part.resume()
        if (storing !== undefined) return reject(invalid('too_many_files', 'file', 'Send one file'))
        storing = storePart(part, store, options)
        storing.catch(reject)
      })
      form.on('error', () => reject(malformed()))
      form.on('close', () =>
        storing ? storing.then(resolve, reject) : reject(invalid('file_missing', 'file', 'Send a file')),
      )
      req.pipe(form)
    })
  } catch (error) {
    await storing?.then(file => store.remove(file.key)).catch(() => undefined)
    throw error
  } finally {
    req.off('close', breakOff)
    req.unpipe(form)
    req.resume()
    form.destroy()
  }
}

function openForm(req: IncomingMessage): busboy.Busboy {
  try {
    return busboy({ headers: req.headers, limits: { fields: 20, fieldSize: 1_000, parts: 30 } })
  } catch {
    throw new AppError(415, 'unsupported_media_type', 'Send the file as multipart/form-data')
  }
}

async function storePart(part: AsyncIterable<Buffer>, store: FileStore, options: UploadOptions): Promise<ReceivedFile> {
  const { folder, maxBytes = MAX_BYTES, types = TYPES } = options
  const chunks = part[Symbol.asyncIterator]()
  const head = await readHead(chunks)
  const type = await fileTypeFromBuffer(head)
  if (type === undefined || !types.includes(type.mime)) {
    throw invalid('file_type_not_allowed', 'file', `The file is none of ${types.join(', ')}`)
  }
  const id = newId()
  const key = `${folder}/${id.slice(-2)}/${id}.${type.ext}`
  const hash = createHash('sha256')
  let bytes = 0
  async function* content() {
    for (let chunk: Buffer | undefined = head; chunk !== undefined; chunk = await nextChunk(chunks)) {
      bytes += chunk.length
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      hash.update(chunk)
      yield chunk
    }
  }
  await store.put(key, content(), { contentType: type.mime })
  return { key, type: type.mime, bytes, sha256: hash.digest('hex') }
}

async function readHead(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  const head: Buffer[] = []
  for (let bytes = 0; bytes < HEAD_BYTES; ) {
    const chunk = await nextChunk(chunks)
    if (chunk === undefined) break
    head.push(chunk)
    bytes += chunk.length
  }
  return Buffer.concat(head)
}

/** An error while reading is the client's: the upload broke off. */
async function nextChunk(chunks: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  try {
    const next = await chunks.next()
    return next.done ? undefined : next.value
  } catch {
    throw malformed()
  }
}
