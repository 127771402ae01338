/** Called when an order may have moved; null when the version is not known: look for yourself. */
export type OnUpdate = (version: number | null) => void

export type Watchers = {
  /** True when it is the order's first watcher. */
  add(orderId: string, watcher: OnUpdate): boolean
  /** True when nobody watches the order any more. */
  remove(orderId: string, watcher: OnUpdate): boolean
  nudge(orderId: string, version: number | null): void
  nudgeAll(): void
  orderIds(): string[]
}

/** Who watches which order in this process. */
export function createWatchers(): Watchers {
  const byOrder = new Map<string, Set<OnUpdate>>()
  const nudge = (orderId: string, version: number | null) => {
    for (const watcher of [...(byOrder.get(orderId) ?? [])]) watcher(version)
  }
  return {
    add: (orderId, watcher) => {
      const present = byOrder.get(orderId)
      if (present) present.add(watcher)
      else byOrder.set(orderId, new Set([watcher]))
      return present === undefined
    },
    remove: (orderId, watcher) => {
      const present = byOrder.get(orderId)
      present?.delete(watcher)
      if (present === undefined || present.size > 0) return false
      byOrder.delete(orderId)
      return true
    },
    nudge,
    nudgeAll: () => {
      for (const orderId of [...byOrder.keys()]) nudge(orderId, null)
    },
    orderIds: () => [...byOrder.keys()],
  }
}
