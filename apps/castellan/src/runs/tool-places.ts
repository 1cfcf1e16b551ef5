/**
 * Places for the calls that runs make of each tool. Who finds none waits, in the order in which they came; nothing has begun until then.
 */
export class ToolPlaces {
  readonly #most: number
  /** Those who wait for a tool, by tool; a tool without an entry is called by nobody. */
  readonly #taken = new Map<string, { count: number; readonly waiting: (() => void)[] }>()

  /** `most` calls of each tool at once; `Infinity` for as many as there are. */
  constructor(most: number) {
    this.#most = most
  }

  /** Resolves with what gives the place back, to be called once; with null when the signal is aborted before there is one. */
  async take(tool: string, signal: AbortSignal): Promise<(() => void) | null> {
    if (signal.aborted) return null
    const places = this.#taken.get(tool) ?? { count: 0, waiting: [] }
    this.#taken.set(tool, places)
    if (places.count < this.#most) places.count++
    // Whoever is let in has the place of the one who left.
    else if (!(await turnOf(places.waiting, signal))) return null
    return () => {
      const next = places.waiting.shift()
      if (next) return next()
      places.count--
      if (places.count === 0) this.#taken.delete(tool)
    }
  }
}

/** Resolves with whether it came before the signal. */
function turnOf(waiting: (() => void)[], signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const come = () => {
    signal.removeEventListener('abort', leave)
    resolve(true)
  }
  const leave = () => {
    waiting.splice(waiting.indexOf(come), 1)
    resolve(false)
  }
  waiting.push(come)
  signal.addEventListener('abort', leave, { once: true })
  return promise
}
