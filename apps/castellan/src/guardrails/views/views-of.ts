import type { View, Views } from '../view.ts'
import { encodedStretches } from './encoded.ts'
import type { Hidden } from './invisible.ts'
import { normalise } from './normalise.ts'
import { plainLetters } from './plain-letters.ts'
import { decodedView, givenView, rewrittenView } from './rewriting.ts'
import { unturned } from './rot13.ts'
import { survey, type Survey } from './survey.ts'

/** Encodings inside of encodings that are read. */
const DEEPEST = 3
/** Views of decoded stretches, and the characters they may have together. */
const MOST_VIEWS = 64
const MOST_CHARACTERS = 1_000_000
/** Longer texts are not turned by thirteen letters: whoever hides something hides it in little. */
const LONGEST_TURNED = 100_000

/**
 * All the ways a text can be read:
 *
 *   as given
 *   normalised      as a reader sees it, escapes and entities read; only where that differs from the text as given
 *   plain-letters   the lines with words in leetspeak or s p e l l e d  o u t, as plain words in small letters; only where
 *                   there are such words
 *   base64, hex     each stretch that is a text in that encoding, normalised if need be; likewise in what was decoded
 *   url, escapes    each long run of `%41`, `\x41`, `\u0041` or invisible characters that spell something
 *   rot13           the whole text, if that makes English of it
 *
 * Most texts have one view only. Pure, and linear in the length of the text; together the views are at most nine times as
 * long as the text, and usually as long as the text.
 */
export function viewsOf(text: string): Views {
  const all: View[] = []
  const hidden: Hidden[] = []
  const encoded = new Encoded()
  const { seen, surveyed } = readThrough(givenView(text), 0, all, encoded, hidden)
  const plain = surveyed.disguised ? plainLetters(seen.text) : null
  if (plain) all.push(rewrittenView(seen, plain, ['plain-letters']))
  const right = seen.text.length <= LONGEST_TURNED ? unturned(seen.text) : null
  if (right !== null) all.push({ ...seen, text: right, through: [...seen.through, 'rot13'] })
  all.push(...encoded.views)
  return { text, all, hidden }
}

/** Views of what was decoded, as many as there may be. */
class Encoded {
  readonly views: View[] = []
  #left = MOST_CHARACTERS

  hasRoomFor(length: number): boolean {
    return this.views.length < MOST_VIEWS && length <= this.#left
  }

  count(length: number): void {
    this.#left -= length
  }
}

interface Read {
  /** The view that shows most. */
  readonly seen: View
  readonly surveyed: Survey
}

/** Reads a view normalised, and what is encoded in it. */
function readThrough(view: View, depth: number, into: View[], encoded: Encoded, hidden: Hidden[]): Read {
  into.push(view)
  const first = survey(view.text)
  const seen = first.unusual ? normalisedView(view, depth, encoded, hidden) : view
  if (seen !== view) into.push(seen)
  const surveyed = seen === view ? first : survey(seen.text)
  if (depth === DEEPEST) return { seen, surveyed }
  const known = new Set<string>()
  // What stands in comments and attributes no reader sees, and so it is only in the text as given.
  for (const each of seen === view ? [seen] : [seen, view]) {
    if (!(each === seen ? surveyed : first).encoded) continue
    for (const { start, end, text, through } of encodedStretches(each.text)) {
      if (known.has(text)) continue
      known.add(text)
      readDecoded(decodedView(each, text, start, end, through), depth, encoded)
    }
  }
  return { seen, surveyed }
}

function readDecoded(view: View, depth: number, encoded: Encoded): void {
  if (depth >= DEEPEST || !encoded.hasRoomFor(view.text.length)) return
  encoded.count(view.text.length)
  readThrough(view, depth + 1, encoded.views, encoded, [])
}

/** Escapes may have been escaped themselves, so a text in which some were read is read again. */
function normalisedView(view: View, depth: number, encoded: Encoded, hidden: Hidden[]): View {
  let seen = view
  for (let time = 0; time < DEEPEST; time++) {
    const { rewritten, carried, decoded, hidden: found } = normalise(seen.text)
    if (time === 0) hidden.push(...found)
    for (const { text, start, end, through } of carried)
      readDecoded(decodedView(seen, text, start, end, through), depth, encoded)
    if (!rewritten) return seen
    seen = rewrittenView(seen, rewritten, seen === view ? ['normalised'] : [])
    if (!decoded) return seen
  }
  return seen
}
