import { spelledIn, wordsOf } from './words.ts'

/** Shorter beginnings fit so many words that they mean none of them. */
const SHORTEST_BEGINNING = 3

/** The words that were read, by number: counted from 0. */
export class Vocabulary {
  readonly #numbers = new Map<string, number>()
  /** Words with their numbers, by their first letters. */
  readonly #alike = new Map<string, (readonly [word: string, number: number])[]>()
  /** Texts repeat their words, and taking one apart costs more than remembering it. */
  readonly #spelled = new Map<string, readonly number[]>()

  /** The words of a text, new ones included. */
  read(text: string): readonly number[] {
    return spelledIn(text).flatMap(spelled => {
      let numbers = this.#spelled.get(spelled)
      if (!numbers) this.#spelled.set(spelled, (numbers = wordsOf(spelled).map(word => this.#learn(word))))
      return numbers
    })
  }

  /** The number of a word that was read. */
  find(word: string): number | undefined {
    return this.#numbers.get(word)
  }

  /** The longer words that begin like this, in the order of the alphabet. */
  longerThan(beginning: string): readonly number[] {
    if (beginning.length < SHORTEST_BEGINNING) return []
    const alike = this.#alike.get(beginning.slice(0, SHORTEST_BEGINNING)) ?? []
    return (
      alike
        .filter(([word]) => word.length > beginning.length && word.startsWith(beginning))
        // A sum of fractions depends on their order, and must not depend on who had what read first.
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, number]) => number)
    )
  }

  #learn(word: string): number {
    const known = this.#numbers.get(word)
    if (known !== undefined) return known
    const number = this.#numbers.size
    this.#numbers.set(word, number)
    const start = word.slice(0, SHORTEST_BEGINNING)
    const alike = this.#alike.get(start)
    if (alike) alike.push([word, number])
    else this.#alike.set(start, [[word, number]])
    return number
  }
}
