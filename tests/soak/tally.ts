/** What was done, and what was wrong. */
export class Tally {
  /** How often each thing happened. */
  readonly counts = new Map<string, number>()
  /** The first things that were wrong, each as often as it was found. */
  readonly #wrong = new Map<string, number>()
  readonly #onFound: (text: string) => void
  violations = 0

  /** `onFound` is told at once of what was not found before. */
  constructor(onFound: (text: string) => void = () => undefined) {
    this.#onFound = onFound
  }

  get wrong(): readonly string[] {
    return [...this.#wrong].map(([what, times]) => (times === 1 ? what : `${what} (${times} times)`))
  }

  did(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times)
  }

  found(where: string, what: string): void {
    this.violations++
    const text = `${where}: ${what}`
    const times = this.#wrong.get(text) ?? 0
    if (times === 0) this.#onFound(text)
    if (times > 0 || this.#wrong.size < MOST_SHOWN) this.#wrong.set(text, times + 1)
  }

  /** How often anything happened whose name begins like this. */
  of(prefix: string): number {
    let sum = 0
    for (const [what, times] of this.counts) if (what.startsWith(prefix)) sum += times
    return sum
  }
}

const MOST_SHOWN = 100
