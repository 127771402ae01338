/** An error whose message is a sentence for the person who started the demo. */
export function failure(sentence: string): Error {
  const error = new Error(sentence)
  error.name = 'DemoFailure'
  return error
}

/** The message of a failure of ours; anything else with its name. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.name === 'DemoFailure' ? error.message : `unexpected ${error.name}: ${error.message}`
}
