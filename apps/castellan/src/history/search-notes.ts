import { spelledIn, wordsOf } from '../registry/index.ts'
import type { Note, Shelf } from './note.ts'
import type { NoteStore, Occurrence } from './note-store.ts'

/** How often each word is in a text, in the forms in which tools are searched for as well. */
export function wordsIn(text: string): ReadonlyMap<string, number> {
  const words = new Map<string, number>()
  for (const word of spelledIn(text).flatMap(wordsOf)) words.set(word, (words.get(word) ?? 0) + 1)
  return words
}

/**
 * Notes that fit the words of a query, the best first. How rare a word is, is taken from the shelf alone, so nothing can be learned
 * from a place in the list about any other.
 * Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009), with the rarity of Lucene.
 */
export async function searchNotes(
  store: NoteStore,
  shelf: Shelf,
  query: string,
  session: string | null,
  limit: number,
): Promise<readonly Note[]> {
  const words = [...wordsIn(query).keys()].slice(0, MOST_WORDS)
  if (words.length === 0) return []
  const [extent, occurrences] = await Promise.all([store.extent(shelf), store.occurrences(shelf, words, session)])
  const scores = scored(occurrences, extent)
  const ranked = [...scores].toSorted(([one, a], [other, b]) => b - a || (one < other ? 1 : -1)).slice(0, limit)
  const found = new Map(
    (
      await store.named(
        shelf,
        ranked.map(([id]) => id),
      )
    ).map(note => [note.id, note]),
  )
  // One that was forgotten meanwhile is not there.
  return ranked.map(([id]) => found.get(id)).filter(note => note !== undefined)
}

function scored(
  occurrences: readonly Occurrence[],
  { notes, words }: Awaited<ReturnType<NoteStore['extent']>>,
): ReadonlyMap<string, number> {
  const having = new Map<string, number>()
  for (const { word } of occurrences) having.set(word, (having.get(word) ?? 0) + 1)
  const scores = new Map<string, number>()
  for (const { note, word, times, length } of occurrences) {
    const n = having.get(word)!
    const rarity = Math.log(1 + (Math.max(notes, n) - n + 0.5) / (n + 0.5))
    const frequency = times / (1 - B + (B * length * notes) / Math.max(1, words))
    scores.set(note, (scores.get(note) ?? 0) + (rarity * frequency) / (K1 + frequency))
  }
  return scores
}

/** The two free parameters of BM25, as the literature has them. */
const K1 = 1.2
const B = 0.75
/** More words than this are a text, and no question. */
const MOST_WORDS = 32
