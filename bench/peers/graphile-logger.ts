import { Logger } from 'graphile-worker'

/** Says only what is wrong. */
export const quiet = new Logger(() => (level, text) => {
  if (level === 'error') process.stderr.write(`graphile-worker: ${text}\n`)
})
