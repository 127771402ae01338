import type { Route } from './http.ts'

/**
 * The routes in the order in which a request must try them: `/orders/pending-count` before `/orders/:id`, whichever
 * context lists it first. @throws when two routes have the same method and path up to the names of parameters
 */
export function inMatchingOrder<D>(routes: readonly Route<D>[]): Route<D>[] {
  const seen = new Set<string>()
  for (const { method, path } of routes) {
    const shape = `${method} ${rank(path)}`
    if (seen.has(shape)) throw new Error(`two routes answer ${method.toUpperCase()} ${path}`)
    seen.add(shape)
  }
  return routes.toSorted((a, b) => (rank(a.path) < rank(b.path) ? -1 : 1))
}

const PARAMETER = '\uffff'

/** Sorts static segments before parameters. */
const rank = (path: string): string =>
  path
    .split('/')
    .map(segment => (/[:*{]/.test(segment) ? PARAMETER : segment))
    .join('/')
