import type { Finding } from './finding.ts'
import { canBeTakenOut } from './settings.ts'

/** The text with what can be taken out replaced by `[redacted:category]`; what overlaps is taken out as one, under the name of the first. */
export function redacted(text: string, findings: readonly Finding[]): string {
  const out = findings
    .filter(({ metric }) => canBeTakenOut(metric))
    .toSorted((a, b) => a.start - b.start || b.end - a.end)
  const parts: string[] = []
  let at = 0
  for (let index = 0; index < out.length;) {
    const { start, category } = out[index]!
    let end = start
    for (; index < out.length && (out[index]!.start < end || end === start); index++)
      end = Math.max(end, out[index]!.end)
    parts.push(text.slice(at, start), `[redacted:${category}]`)
    at = end
  }
  parts.push(text.slice(at))
  return parts.join('')
}
