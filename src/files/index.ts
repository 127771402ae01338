export type { FileStore } from './file-store.ts'
export { createLocalFiles } from './local-files.ts'
export { type ReceivedFile, receiveUpload } from './receive-upload.ts'
