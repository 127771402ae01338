export { createHot, type Hot } from './create-hot.ts'
export type { Lock } from './locks.ts'
export { hotStatusReaction } from './status-reaction.ts'
