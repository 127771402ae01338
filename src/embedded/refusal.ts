/** An error whose message is one sentence for the person who typed the command: print it alone, without a stack. */
export function refusal(sentence: string): Error {
  const error = new Error(sentence)
  error.name = 'Refusal'
  return error
}

/** Whether the message of the error is such a sentence. */
export function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'Refusal'
}
