import type { Finding } from './finding.ts'
import { canBeTakenOut } from './settings.ts'

/** A text without what can be taken out of it, and the way back. */
export interface Redaction {
  readonly text: string
  /** The stretch of the given text from which `[start, end)` of this text was made; all of what was taken out, where it touches that. */
  original(start: number, end: number): { readonly start: number; readonly end: number }
}

/** The text with what can be taken out replaced by `[redacted:category]`; what overlaps is taken out as one, under the name of the first. */
export function redacted(text: string, findings: readonly Finding[]): string {
  return redaction(text, findings).text
}

/** As {@link redacted}, for those who are told what was seen in such a text. */
export function redaction(text: string, findings: readonly Finding[]): Redaction {
  const out = findings
    .filter(({ metric }) => canBeTakenOut(metric))
    .toSorted((a, b) => a.start - b.start || b.end - a.end)
  const parts: string[] = []
  const gaps: Gap[] = []
  let at = 0
  let length = 0
  for (let index = 0; index < out.length;) {
    const { start, category } = out[index]!
    let end = start
    for (; index < out.length && (out[index]!.start < end || end === start); index++)
      end = Math.max(end, out[index]!.end)
    const mark = `[redacted:${category}]`
    parts.push(text.slice(at, start), mark)
    const from = length + start - at
    length = from + mark.length
    gaps.push({ from, to: length, start, end })
    at = end
  }
  parts.push(text.slice(at))
  return {
    text: parts.join(''),
    original: (from, to) => ({ start: placeIn(gaps, from, 'start'), end: placeIn(gaps, to, 'end') }),
  }
}

/** What stands at `[from, to)` in place of `[start, end)` of the given text. */
interface Gap {
  readonly from: number
  readonly to: number
  readonly start: number
  readonly end: number
}

/** A place in the given text; within a gap, the one of its edges that leaves all of it inside. */
function placeIn(gaps: readonly Gap[], at: number, edge: 'start' | 'end'): number {
  const before = gaps.findLast(({ from }) => (edge === 'start' ? from <= at : from < at))
  if (before === undefined) return at
  const isInside = edge === 'start' ? at < before.to : at <= before.to
  return isInside ? before[edge] : before.end + at - before.to
}
