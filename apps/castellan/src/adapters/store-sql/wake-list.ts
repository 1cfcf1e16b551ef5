/** Who wants to be woken, each as often as it asked. */
export class WakeList {
  readonly #wakes = new Set<{ readonly wake: () => void }>()

  add(wake: () => void): () => void {
    const place = { wake }
    this.#wakes.add(place)
    return () => void this.#wakes.delete(place)
  }

  wake(): void {
    for (const { wake } of this.#wakes) wake()
  }
}
