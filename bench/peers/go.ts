/** Says that this process is ready and begins when it is told to. */
export function whenTold(begin: () => unknown): void {
  process.once('message', begin)
  process.send?.('ready')
}
