/** An error whose message is one sentence for the person who typed the command: print it alone, without a stack. */
export function refusal(sentence: string): Error {
  const error = new Error(sentence)
  error.name = 'Refusal'
  return error
}

export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && error.name === 'Refusal'
}
