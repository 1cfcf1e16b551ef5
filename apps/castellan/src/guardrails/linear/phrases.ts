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
  readonly #vocabulary = new Map<number, number>()
  readonly #lists = new Map<string, List>()
  readonly #phrases: readonly Phrase[]
  /**
   * By the number of a word: the phrases that may begin with it, and the second steps it may begin. With each phrase stand the
   * list of its second step, 0 when it has one step only, and how far behind its beginning that may be.
   */
  readonly #openings: readonly Uint16Array[]
  readonly #memberships: readonly Uint16Array[]
  /** Where `find` notes, while it works, the part in which each phrase was seen last, and where each list is next. */
  readonly #lately: Int32Array
  readonly #next: Int32Array
  /** Hashes and numbers of known words, each in the first slot that is free from where its hash points. */
  readonly #hashes = new Int32Array(SLOTS)
  readonly #numbers = new Uint16Array(SLOTS)

  constructor(phrases: readonly string[], lists: Readonly<Record<string, string>> = {}) {
    this.#phrases = phrases.map(written => this.#read(written, lists))
    this.#openings = this.#byWord(this.#phrases.map(([first]) => first!.list.ways.keys())).map(those =>
      Uint16Array.from(those.flatMap(phrase => [phrase, ...beginning(this.#phrases[phrase]!)])),
    )
    const seconds = new Set(this.#phrases.map(([, second]) => second?.list))
    this.#memberships = this.#byWord([
      [],
      ...this.#lists.values().map(list => (seconds.has(list) ? list.ways.keys() : [])),
    ]).map(those => Uint16Array.from(those))
    this.#lately = new Int32Array(this.#phrases.length)
    this.#next = new Int32Array(this.#lists.size + 1)
    if (this.#vocabulary.size > SLOTS / 4) throw new Error(`${this.#vocabulary.size} words are too many`)
    for (const [hash, number] of this.#vocabulary) {
      let slot = hash & (SLOTS - 1)
      while (this.#numbers[slot] !== 0) slot = (slot + 1) & (SLOTS - 1)
      this.#hashes[slot] = hash
      this.#numbers[slot] = number
    }
  }

  /** Where phrases stand, from left to right; each at most once in `apart` words, counted from the beginning of the text. */
  find(words: Words, apart: number): Hit[] {
    const numbers = this.#numbersOf(words)
    const allOpenings = this.#openings
    const allMemberships = this.#memberships
    const lately = this.#lately.fill(-1)
    // Where each list stands next: from right to left, most phrases are ruled out by one look at where their second step is.
    const next = this.#next.fill(NOWHERE)
    next[0] = -1
    const hits: Hit[] = []
    for (let from = words.count - 1; from >= 0; from--) {
      const number = numbers[from]!
      if (number === 0) continue
      const openings = allOpenings[number]!
      for (let index = 0; index < openings.length; index += 3) {
        if (next[openings[index + 1]!]! > from + openings[index + 2]!) continue
        const phrase = openings[index]!
        const part = Math.floor(from / apart)
        if (lately[phrase] === part) continue
        const to = endOf(this.#phrases[phrase]!, 0, numbers, from)
        if (to < 0) continue
        lately[phrase] = part
        hits.push({ phrase, from, to })
      }
      const memberships = allMemberships[number]!
      for (let index = 0; index < memberships.length; index++) next[memberships[index]!] = from
    }
    return hits.reverse()
  }

  /** The number of each word; 0 for those that no phrase has. */
  #numbersOf({ hashes, count }: Words): Uint16Array {
    const found = new Uint16Array(count)
    const known = this.#hashes
    const numbers = this.#numbers
    for (let word = 0; word < count; word++) {
      const hash = hashes[word]!
      let slot = hash & (SLOTS - 1)
      while (numbers[slot] !== 0 && known[slot] !== hash) slot = (slot + 1) & (SLOTS - 1)
      found[word] = numbers[slot]!
    }
    return found
  }

  /** Turns a list of words for each number around, into a list of numbers for each word. */
  #byWord(words: readonly Iterable<number>[]): number[][] {
    const numbers: number[][] = Array.from({ length: this.#vocabulary.size + 1 }, () => [])
    for (const [number, those] of words.entries()) for (const word of those) numbers[word]!.push(number)
    return numbers
  }

  #read(written: string, lists: Readonly<Record<string, string>>): Step[] {
    const steps: Step[] = []
    let gap = 0
    for (const part of written.split(' ')) {
      const wide = /^\.\.(?<words>\d)$/.exec(part)?.groups
      if (!wide) steps.push({ gap, list: this.#list(part, lists) })
      gap = wide ? Number(wide['words']) : 0
    }
    return steps
  }

  #list(written: string, lists: Readonly<Record<string, string>>): List {
    const known = this.#lists.get(written)
    if (known) return known
    const ways = [...new Set(resolved(written, lists).split('/'))].map(way => this.#learn(way.replaceAll('_', ' ')))
    const list = {
      number: this.#lists.size + 1,
      longest: Math.max(...ways.map(({ length }) => length)),
      ways: Map.groupBy(ways, way => way[0]!),
    }
    this.#lists.set(written, list)
    return list
  }

  #learn(text: string): number[] {
    const { hashes, count } = wordsOf(text)
    if (count === 0) throw new Error(`"${text}" has no words`)
    return Array.from(hashes.subarray(0, count), hash => {
      const number = this.#vocabulary.get(hash) ?? this.#vocabulary.size + 1
      this.#vocabulary.set(hash, number)
      return number
    })
  }
}

const NOWHERE = 0x7fffffff

/** Slots for known words, several times as many as there are words, so that unknown ones mostly meet an empty one. */
const SLOTS = 1 << 14

/** Ways to say something, as numbers of words, by the first of them. */
interface List {
  readonly number: number
  /** Words of the longest way. */
  readonly longest: number
  readonly ways: ReadonlyMap<number, readonly (readonly number[])[]>
}

interface Step {
  /** So many other words may stand before it. */
  readonly gap: number
  readonly list: List
}

type Phrase = readonly Step[]

/** Which list the second step of a phrase is, 0 when there is none, and in how many words at most it begins. */
function beginning([first, second]: Phrase): readonly [list: number, reach: number] {
  return [second?.list.number ?? 0, first!.list.longest + (second?.gap ?? 0)]
}

/** Where the rest of a phrase ends that goes on at a word; -1 when it does not. */
function endOf(steps: readonly Step[], step: number, numbers: Uint16Array, at: number): number {
  if (step === steps.length) return at
  const { gap, list } = steps[step]!
  const last = Math.min(at + gap, numbers.length - 1)
  for (let from = at; from <= last; from++) {
    if (numbers[from] === 0) continue
    const ways = list.ways.get(numbers[from]!)
    if (ways === undefined) continue
    for (const way of ways) {
      if (!goesOn(way, numbers, from)) continue
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
