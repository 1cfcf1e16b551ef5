/** Who wants to be told when a resource changes; a resource nobody watches any more is let go. */
export class Watches {
  readonly #letGo: (serverId: string, uri: string) => void
  readonly #watching = new Map<string, Set<() => void>>()

  /** `letGo` is told when the last one who watched a resource has stopped. */
  constructor(letGo: (serverId: string, uri: string) => void) {
    this.#letGo = letGo
  }

  /**
   * Calls `onChanged` whenever the server says that the resource changed, until the result is called. For whoever has just
   * been let through the gate with a subscription to it.
   */
  add(serverId: string, uri: string, onChanged: () => void): () => void {
    const key = keyOf(serverId, uri)
    const all = this.#watching.get(key) ?? new Set()
    this.#watching.set(key, all)
    // A listener of its own, so that the same function may be given twice.
    const listener = () => onChanged()
    all.add(listener)
    return () => {
      if (!all.delete(listener) || all.size > 0) return
      this.#watching.delete(key)
      this.#letGo(serverId, uri)
    }
  }

  /** Whether anybody watches it. */
  has(serverId: string, uri: string): boolean {
    return this.#watching.has(keyOf(serverId, uri))
  }

  changed(serverId: string, uri: string): void {
    for (const listener of this.#watching.get(keyOf(serverId, uri)) ?? []) listener()
  }
}

function keyOf(serverId: string, uri: string): string {
  return `${serverId} ${uri}`
}
