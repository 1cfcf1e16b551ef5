import { STEP, wordHash, type Words, wordsOf } from '../linear/index.ts'
import { ideas } from './ideas.ts'

const lists = Object.values(ideas)

/** How many ideas there are. */
export const IDEAS = lists.length
/** How many features: each idea, each idea that is seen often, and each that is soon followed by another or by itself. */
export const IDEA_FEATURES = IDEAS * (IDEAS + 2)
/** From how many times on an idea is seen often. */
export const OFTEN = 3
/** The feature of an idea that is seen often; the feature of the idea itself has its number. */
export const often = (idea: number): number => IDEAS + idea

/** Changes whenever some text would have other features than before, other than by other words for ideas. */
export const READS = 1

/** How many words may stand between two ideas that are taken together. */
const BETWEEN = 8

/** The features of a text, step by step. A feature that is seen again is told again. */
export interface IdeaFeatures {
  readonly all: Uint16Array
  /** Where in `all` the features of each step begin, and the last ones end. */
  readonly starts: Uint32Array
}

/** Where ideas stand in the text that is being read: which, and their first and next word. */
let hitIdeas = new Uint8Array(256)
let hitStarts = new Int32Array(256)
let hitEnds = new Int32Array(256)
let room = new Uint16Array(2048)

export function ideaFeatures(words: Words): IdeaFeatures {
  const hits = findIdeas(words)
  const starts = new Uint32Array(Math.ceil(words.count / STEP) + 1)
  let size = 0
  let step = 0
  for (let hit = 0; hit < hits; hit++) {
    const from = hitStarts[hit]!
    while (step < Math.floor(from / STEP)) starts[++step] = size
    const idea = hitIdeas[hit]!
    const to = hitEnds[hit]!
    room[size++] = idea
    const pairs = IDEAS * (2 + idea)
    for (let next = hit + 1; next < hits; next++) {
      const start = hitStarts[next]!
      if (start - to > BETWEEN) break
      if (size + 1 >= room.length) room = twice(room, new Uint16Array(2 * room.length))
      if (start >= to) room[size++] = pairs + hitIdeas[next]!
    }
  }
  while (step < starts.length - 1) starts[++step] = size
  return { all: room.slice(0, size), starts }
}

/** Fills in where ideas stand, from left to right; how many there are. Of the ways to say one that begin at a word, the first counts. */
function findIdeas({ hashes, count }: Words): number {
  const { slots, known, entries } = (table ??= tableOf())
  const last = slots.length - 1
  let hits = 0
  for (let from = 0; from < count; from++) {
    const hash = hashes[from]!
    let slot = hash & last
    while (slots[slot] !== 0 && known[slot] !== hash) slot = (slot + 1) & last
    if (slots[slot] === 0) continue
    let idea = -1
    for (const way of entries[slots[slot]! - 1]!) {
      if (way.idea === idea || !goesOn(way.rest, hashes, from + 1, count)) continue
      idea = way.idea
      if (hits === hitIdeas.length) {
        hitIdeas = twice(hitIdeas, new Uint8Array(2 * hits))
        hitStarts = twice(hitStarts, new Int32Array(2 * hits))
        hitEnds = twice(hitEnds, new Int32Array(2 * hits))
      }
      hitIdeas[hits] = idea
      hitStarts[hits] = from
      hitEnds[hits++] = from + 1 + way.rest.length
    }
  }
  return hits
}

function goesOn(rest: readonly number[], hashes: Int32Array, at: number, count: number): boolean {
  if (at + rest.length > count) return false
  for (let index = 0; index < rest.length; index++) if (hashes[at + index] !== rest[index]) return false
  return true
}

/** A way to say an idea that begins with a word: the words that have to follow. */
interface Way {
  readonly idea: number
  readonly rest: readonly number[]
}

interface Table {
  /** Numbers of entries, from 1, each in the first slot that is free from where the hash of its word points. */
  readonly slots: Uint16Array
  readonly known: Int32Array
  readonly entries: readonly (readonly Way[])[]
}

/** Made for the first text that is looked at. */
let table: Table | undefined

function tableOf(): Table {
  const ways = new Map<number, Way[]>()
  for (const [idea, words] of lists.entries()) {
    for (const written of words.split(' ')) {
      for (const [first, ...rest] of forms(written)) {
        const others = ways.get(first!)
        if (others) others.push({ idea, rest })
        else ways.set(first!, [{ idea, rest }])
      }
    }
  }
  // Several times as many slots as there are words, so that unknown ones mostly meet an empty one.
  const slots = new Uint16Array(1 << (34 - Math.clz32(ways.size)))
  const known = new Int32Array(slots.length)
  const last = slots.length - 1
  for (const [number, hash] of [...ways.keys()].entries()) {
    let slot = hash & last
    while (slots[slot] !== 0) slot = (slot + 1) & last
    slots[slot] = number + 1
    known[slot] = hash
  }
  return { slots, known, entries: [...ways.values()] }
}

/** What is written as `word+` and its endings, `a_b` or a word, as hashes. Endings that nobody uses do no harm. */
function forms(written: string): number[][] {
  if (BEYOND_LETTERS.test(written)) {
    const { hashes, count } = wordsOf(written.replaceAll('_', ' '))
    return [[...hashes.subarray(0, count)]]
  }
  const words = written.split('_')
  if (!written.endsWith('+')) return [words.map(wordHash)]
  const before = words.slice(0, -1).map(wordHash)
  return withEndings(words.at(-1)!.slice(0, -1)).map(word => [...before, wordHash(word)])
}

/** What is written in other scripts than Latin, Greek and Cyrillic, where words may be single signs. */
const BEYOND_LETTERS = /[^\u0000-\u04ff]/

function withEndings(word: string): string[] {
  if (word.endsWith('e')) return [word, `${word}s`, `${word}d`, `${word.slice(0, -1)}ing`]
  if (/[^aeiou]y$/.test(word)) return [word, `${word.slice(0, -1)}ies`, `${word.slice(0, -1)}ied`, `${word}ing`]
  if (/(?:s|x|ch|sh)$/.test(word)) return [word, `${word}es`, `${word}ed`, `${word}ing`]
  const regular = [word, `${word}s`, `${word}ed`, `${word}ing`]
  const last = word.at(-1)!
  return /[^aeiou][aeiou][bdgmnprt]$/.test(word) ? [...regular, `${word}${last}ed`, `${word}${last}ing`] : regular
}

function twice<T extends Uint8Array | Uint16Array | Int32Array>(array: T, larger: T): T {
  larger.set(array)
  return larger
}
