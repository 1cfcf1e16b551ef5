import { type Words, wordsOf } from './words.ts'

/** Where a phrase stands, in words. */
export interface Hit {
  /** Which of the phrases, in the order they were given. */
  readonly phrase: number
  /** Half open. */
  readonly from: number
  readonly to: number
}

/**
 * Finds phrases among words. A phrase is written as words with blanks between; `a/b_c` is either "a" or "b c", `..3` lets up to
 * three other words stand in between, and `{name}` is a list of alternatives that is written elsewhere. Ideographs need no `_`.
 */
export class Phrases {
  /** Numbers of known words by their hash; 0 is a word that no phrase has. */
  readonly #numbers = new Map<number, number>()
  readonly #table: Int32Array
  readonly #tableNumbers: Uint16Array
  /** By the number of their first word. */
  readonly #beginnings: (readonly Opening[] | undefined)[]

  constructor(phrases: readonly string[], lists: Readonly<Record<string, string>> = {}) {
    const openings = new Map<number, Opening[]>()
    for (const [phrase, written] of phrases.entries()) {
      const steps = this.#read(written, lists)
      for (const first of new Set(steps[0]!.ways.map(way => way[0]!))) {
        const list = openings.get(first) ?? []
        openings.set(first, [...list, { phrase, steps }])
      }
    }
    this.#beginnings = Array.from({ length: this.#numbers.size + 1 }, (_, number) => openings.get(number))
    this.#table = new Int32Array(TABLE)
    this.#tableNumbers = new Uint16Array(TABLE)
    for (const [hash, number] of this.#numbers) {
      let slot = hash & (TABLE - 1)
      while (this.#tableNumbers[slot] !== 0) slot = (slot + 1) & (TABLE - 1)
      this.#table[slot] = hash
      this.#tableNumbers[slot] = number
    }
  }

  /** All phrases that stand in a text, by where they begin; each at most once at every beginning. */
  find({ hashes, count }: Words): Hit[] {
    const numbers = new Uint16Array(count)
    const table = this.#table
    const tableNumbers = this.#tableNumbers
    for (let word = 0; word < count; word++) {
      const hash = hashes[word]!
      let slot = hash & (TABLE - 1)
      while (tableNumbers[slot] !== 0 && table[slot] !== hash) slot = (slot + 1) & (TABLE - 1)
      numbers[word] = tableNumbers[slot]!
    }
    const hits: Hit[] = []
    for (let from = 0; from < count; from++) {
      const openings = this.#beginnings[numbers[from]!]
      if (!openings) continue
      for (const { phrase, steps } of openings) {
        const to = endOf(steps, 0, numbers, from)
        if (to >= 0) hits.push({ phrase, from, to })
      }
    }
    return hits
  }

  #read(written: string, lists: Readonly<Record<string, string>>): Step[] {
    const steps: Step[] = []
    let gap = 0
    for (const part of resolved(written, lists).split(' ')) {
      const wide = /^\.\.(?<words>\d)$/.exec(part)?.groups
      if (wide) {
        gap = Number(wide['words'])
        continue
      }
      steps.push({ gap, ways: part.split('/').map(way => this.#learn(way.replaceAll('_', ' '))) })
      gap = 0
    }
    return steps
  }

  #learn(text: string): number[] {
    const { hashes, count } = wordsOf(text)
    if (count === 0) throw new Error(`"${text}" has no words`)
    return Array.from(hashes.subarray(0, count), hash => {
      const number = this.#numbers.get(hash) ?? this.#numbers.size + 1
      this.#numbers.set(hash, number)
      return number
    })
  }
}

/** Slots for known words, several times as many as there are words, so that unknown ones mostly meet an empty one. */
const TABLE = 1 << 14

/** One of several ways to say something, after at most so many other words. */
interface Step {
  readonly gap: number
  readonly ways: readonly (readonly number[])[]
}

interface Opening {
  readonly phrase: number
  readonly steps: readonly Step[]
}

/** Where the rest of a phrase ends that goes on at a word; -1 when it does not. */
function endOf(steps: readonly Step[], step: number, numbers: Uint16Array, at: number): number {
  if (step === steps.length) return at
  const { gap, ways } = steps[step]!
  for (let from = at; from <= at + gap && from < numbers.length; from++) {
    const number = numbers[from]!
    if (number === 0) continue
    for (const way of ways) {
      if (way[0] !== number || !goesOn(way, numbers, from)) continue
      const end = endOf(steps, step + 1, numbers, from + way.length)
      if (end >= 0) return end
    }
  }
  return -1
}

function goesOn(way: readonly number[], numbers: Uint16Array, from: number): boolean {
  for (let index = 1; index < way.length; index++) if (numbers[from + index] !== way[index]) return false
  return true
}

function resolved(written: string, lists: Readonly<Record<string, string>>): string {
  return written.replace(/\{(?<name>\w+)\}/g, (_, name: string) => {
    const list = lists[name]
    if (list === undefined) throw new Error(`there is no list "${name}"`)
    return resolved(list, lists)
  })
}
