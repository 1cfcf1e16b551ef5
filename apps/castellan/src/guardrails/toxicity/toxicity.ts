import type { Detector } from '../detector.ts'
import type { Finding } from '../finding.ts'
import type { View, Views } from '../view.ts'
import { wordsIn } from '../words-in.ts'
import { Hostility } from './hostility.ts'
import type { Category, KindName } from './kinds.ts'
import { categoryAt, kindAt, phraseLength, reading, type Reading } from './reading.ts'
import { VOCABULARY } from './vocabulary.ts'
import { weights } from './weights.ts'

/** From which prior on a word of a hostile sentence is shown by itself. */
const TELLING = 1.2
/** Findings that are reported of one text; whoever finds so many has seen enough. */
const MOST_FINDINGS = 1_000

/**
 * Hostility towards somebody: insults, threats, hatred of groups, harassment, sexual remarks, profanity and encouragement of self-harm.
 * A sentence is judged as a whole. When it is hostile, the words that make it so are found, one of each category; or the sentence,
 * when it is hostile without such words.
 */
export function toxicityDetector(): Detector {
  const hostility = new Hostility(weights)
  return {
    name: 'toxicity',
    version: `1.${VOCABULARY}.${weights.trainedOn}`,
    metric: 'toxicity',
    find: views => {
      const found = new Map<string, Finding>()
      for (const view of shown(views)) findIn(view, hostility, found)
      return [...found.values()].sort(
        (a, b) => a.start - b.start || a.end - b.end || (a.category < b.category ? -1 : 1),
      )
    },
  }
}

/** What a reader sees, and what can be decoded; the text as given shows nothing that its normalised form does not. */
function shown({ all }: Views): readonly View[] {
  const normalised = all.some(({ through }) => through.length === 1 && through[0] === 'normalised')
  return normalised ? all.filter(({ through }) => through.length > 0) : all
}

function findIn(view: View, hostility: Hostility, found: Map<string, Finding>): void {
  const read = reading(view.text, () => wordsIn(view))
  const { sentences, sentenceCount } = read
  for (let sentence = 0; sentence < sentenceCount && found.size < MOST_FINDINGS; sentence++) {
    const [from, to] = [sentences[sentence]!, sentences[sentence + 1]!]
    const score = hostility.score(read, from, to)
    if (score < hostility.threshold) continue
    const confidence = hostility.confidence(score)
    for (const { category, first, last } of told(read, from, to)) {
      const { start, end } = view.original(read.words.starts[first]!, read.words.ends[last]!)
      const key = `${category} ${start} ${end}`
      const known = found.get(key)
      if (!known || known.confidence < confidence) {
        found.set(key, { metric: 'toxicity', category, start, end, confidence })
      }
    }
  }
}

interface Told {
  readonly category: Category
  /** Words. */
  readonly first: number
  readonly last: number
}

/** What makes a sentence hostile: the strongest word or phrase of each category, or the sentence itself. */
function told(read: Reading, from: number, to: number): Told[] {
  const strongest = new Map<Category, number>()
  for (let word = from; word < to; word++) {
    const prior = read.priors[word]!
    if (prior < TELLING) continue
    const category = categoryAt(read, word)
    const before = category && strongest.get(category)
    if (category && (before == null || prior > read.priors[before]!)) strongest.set(category, word)
  }
  if (strongest.size === 0) return [{ category: categoryOfSentence(read, from, to), first: from, last: to - 1 }]
  return [...strongest].map(([category, word]) => ({
    category,
    first: Math.max(from, word - phraseLength(read.phrases[word]!) + 1),
    last: word,
  }))
}

function categoryOfSentence(read: Reading, from: number, to: number): Category {
  const kinds = new Set<KindName | null>()
  for (let word = from; word < to; word++) kinds.add(kindAt(read, word))
  if (kinds.has('violence')) return 'threat'
  if (kinds.has('group')) return 'hate'
  if (kinds.has('intimate')) return 'sexual'
  return 'harassment'
}
