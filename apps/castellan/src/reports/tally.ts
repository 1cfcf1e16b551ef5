/**
 * Adds up by name. Names may come from anywhere, so only so many are told apart; what comes after them is added up as one.
 */
export class Tally<T extends object> {
  readonly #sums = new Map<string, T>()
  readonly #nothing: () => T

  constructor(nothing: () => T) {
    this.#nothing = nothing
  }

  at(name: string): T {
    let sum = this.#sums.get(name) ?? (this.#sums.size >= MOST_NAMES ? this.#sums.get(OTHERS) : undefined)
    if (sum === undefined) {
      sum = this.#nothing()
      this.#sums.set(this.#sums.size >= MOST_NAMES ? OTHERS : name, sum)
    }
    return sum
  }

  /** In the order of their names. */
  entries(): [name: string, sum: T][] {
    return [...this.#sums].sort(([one], [other]) => (one < other ? -1 : 1))
  }
}

const MOST_NAMES = 1_000
/** In brackets, as no tool or code is. */
const OTHERS = '(others)'
