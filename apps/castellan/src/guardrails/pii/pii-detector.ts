import type { Detector } from '../detector.ts'
import type { Finding } from '../finding.ts'
import type { Views } from '../view.ts'
import { scan } from './scan.ts'

/**
 * Data that identifies a person or gives access to a person's money: numbers with their check digits, addresses, and what
 * the words before a number say it is. It reads the text as given, as a reader sees it, and what is decoded from it.
 */
export const piiDetector: Detector = {
  name: 'pii',
  version: '1',
  metric: 'pii',
  find(views) {
    const findings: Finding[] = []
    for (const view of readable(views)) {
      const known = findings.length
      for (const { category, start, end, confidence } of scan(view.text)) {
        const span = view.original(start, end)
        if (known > 0 && isKnown(findings, known, category, span.start, span.end)) continue
        findings.push({ metric: 'pii', category, start: span.start, end: span.end, confidence })
      }
      if (known > 0 && findings.length > known) findings.sort((a, b) => a.start - b.start || a.end - b.end)
    }
    return findings
  },
}

/** Letters that stand for digits, or that are turned around, are of words and not of numbers. */
function readable(views: Views) {
  return views.all.filter(({ through }) => !through.includes('plain-letters') && !through.includes('rot13'))
}

/** Whether something of the same kind was seen there in another view; what was seen stands in order. */
function isKnown(findings: readonly Finding[], count: number, category: string, start: number, end: number): boolean {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (findings[middle]!.end <= start) low = middle + 1
    else high = middle
  }
  for (let index = low; index < count && findings[index]!.start < end; index++) {
    if (findings[index]!.category === category) return true
  }
  return false
}
