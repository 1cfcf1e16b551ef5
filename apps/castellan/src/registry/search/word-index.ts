import { Vocabulary } from './vocabulary.ts'
import { spelledIn, wordsOf } from './words.ts'

/** The documents that a query looks at, and no others. */
export interface Shown {
  /** How often each document of the index is among them; those beyond the end are not. */
  readonly times: Uint32Array
  readonly total: number
  /** Average number of words in each field. */
  readonly lengths: readonly number[]
}

/** The two free parameters of BM25, as the literature has them: saturation, and how far the length of a field counts. */
const K1 = 1.2
const B = 0.75
/** What a word counts that only begins like the one asked for. */
const BEGUN = 0.3
/** More words than this are a text, and no question. */
const MOST_WORDS = 32
/** Counts of a word in the fields of a document share a number; more of a word than fits says nothing more. */
const BITS = 6
const MOST_COUNTED = 2 ** BITS - 1

/**
 * Which words are in which documents, and how well documents fit the words of a query. A document is a list of texts, its
 * fields, each of which has a weight.
 *
 * The measure is BM25F: counts are weighted and normalised by length within each field, summed over the fields, and then
 * saturated. How rare a word is, and how long a field usually, is taken from the documents shown alone, so that nothing can
 * be learned from a score about any other. A word that a document does not have is looked for as the beginning of longer
 * ones.
 * Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009), section 3.6. Rarity is that
 * of Lucene's BM25Similarity, `ln(1 + (N - n + 0.5) / (n + 0.5))`, which is never negative.
 */
export class WordIndex {
  readonly #weights: readonly number[]
  readonly #vocabulary = new Vocabulary()
  /** Of each word: document and counts, document and counts, and so on. */
  readonly #places: number[][] = []
  /** Of each document: the number of words in each field. */
  readonly #lengths: (readonly number[])[] = []

  /** At most five fields. */
  constructor(weights: readonly number[]) {
    this.#weights = weights
  }

  /** How many documents there are. */
  get size(): number {
    return this.#lengths.length
  }

  /** Reads a document, and says which number it has from now on: they count from 0. */
  add(fields: readonly string[]): number {
    const document = this.#lengths.length
    const counts = new Map<number, number>()
    const lengths = fields.map((text, field) => {
      const words = this.#vocabulary.read(text)
      for (const word of words) {
        const before = counts.get(word) ?? 0
        if (countIn(before, field) < MOST_COUNTED) counts.set(word, before + (1 << (BITS * field)))
      }
      return words.length
    })
    for (const [word, counted] of counts) (this.#places[word] ??= []).push(document, counted)
    this.#lengths.push(lengths)
    return document
  }

  /** The view of documents, some of which may be there more than once. */
  show(documents: readonly number[]): Shown {
    const times = new Uint32Array(this.#lengths.length)
    const lengths = this.#weights.map(() => 0)
    for (const document of documents) {
      times[document]!++
      this.#lengths[document]!.forEach((length, field) => (lengths[field]! += length))
    }
    return { times, total: documents.length, lengths: lengths.map(length => length / documents.length) }
  }

  /** Scores by document; 0 for what does not fit, and for what is not shown. */
  scores(query: string, shown: Shown): Float64Array {
    const scores = new Float64Array(shown.times.length)
    const words = new Set(spelledIn(query).flatMap(wordsOf))
    for (const word of [...words].slice(0, MOST_WORDS)) {
      const number = this.#vocabulary.find(word)
      const exact = this.#frequencies(number === undefined ? [] : [number], shown)
      const begun = this.#frequencies(this.#vocabulary.longerThan(word), shown)
      const [exactWorth, begunWorth] = worthOf(exact, begun, shown)
      for (let document = 0; document < scores.length; document++) {
        if (exact[document]! > 0) scores[document]! += exactWorth * saturated(exact[document]!)
        else if (begun[document]! > 0) scores[document]! += begunWorth * saturated(begun[document]!)
      }
    }
    return scores
  }

  /** How often words, taken as one, are in each document shown: weighted, and normalised by the lengths of the fields. */
  #frequencies(words: readonly number[], { times, lengths }: Shown): Float64Array {
    const frequencies = new Float64Array(times.length)
    for (const word of words) {
      const places = this.#places[word]!
      for (let at = 0; at < places.length; at += 2) {
        const document = places[at]!
        // Documents are read one after the other, so all that follow are younger than the view.
        if (document >= times.length) break
        if (times[document] === 0) continue
        for (let field = 0; field < this.#weights.length; field++) {
          const count = countIn(places[at + 1]!, field)
          if (count === 0) continue
          const length = this.#lengths[document]![field]! / lengths[field]!
          frequencies[document]! += (this.#weights[field]! * count) / (1 - B + B * length)
        }
      }
    }
    return frequencies
  }
}

/** What a word is worth where it is, and where one is that begins like it; the rarer, the more. */
function worthOf(exact: Float64Array, begun: Float64Array, { times, total }: Shown): readonly [number, number] {
  let having = 0
  let alike = 0
  for (let document = 0; document < times.length; document++) {
    if (exact[document]! > 0) having += times[document]!
    if (exact[document]! > 0 || begun[document]! > 0) alike += times[document]!
  }
  const rarity = (n: number) => Math.log(1 + (total - n + 0.5) / (n + 0.5))
  return [rarity(having), BEGUN * rarity(alike)]
}

function saturated(frequency: number): number {
  return frequency / (K1 + frequency)
}

function countIn(counts: number, field: number): number {
  return (counts >> (BITS * field)) & MOST_COUNTED
}
