import type { Detector } from '../detector.ts'
import type { Finding } from '../finding.ts'
import { LiteralSearch } from '../literal-search.ts'
import type { View } from '../view.ts'
import { type Address, addressAt } from './address.ts'
import { carriedBy, carriedByHost } from './carried.ts'
import { catchesRequests, drawsWhatItIsTold, isBareAddress } from './hosts.ts'
import { askedToSend, sendsWhatIsKept } from './requests.ts'
import { runsProgram } from './script-links.ts'

const ADDRESS = '://'
const search = new LiteralSearch([ADDRESS, 'javascript:', 'vbscript:', 'data:text/html', 'data:application/xhtml'])

/** Characters before an address in which a sentence may ask to send something there, and after it in which a program may. */
const BEFORE = 400
const AFTER = 160

type Sighting = Pick<Finding, 'category' | 'start' | 'end' | 'confidence'>

/**
 * Finds ways out: addresses that carry away what a text should keep, above all those that are fetched as soon as it is shown,
 * links that run programs, and requests to send something private somewhere.
 */
export const exfiltration: Detector = {
  name: 'exfiltration',
  version: '1',
  metric: 'exfiltration',
  find(views) {
    const found = new Map<string, Finding>()
    for (const view of views.all) {
      if (view.through.includes('plain-letters')) continue
      for (const sighting of sightingsIn(view)) {
        const { start, end } = view.original(sighting.start, sighting.end)
        const key = `${sighting.category} ${start} ${end}`
        if (!found.has(key)) found.set(key, { metric: 'exfiltration', ...sighting, start, end })
      }
    }
    return [...found.values()].sort((a, b) => a.start - b.start || a.end - b.end)
  },
}

function sightingsIn({ text }: View): Sighting[] {
  const found: Sighting[] = []
  let read = 0
  search.each(text, (literal, start, end) => {
    if (literal > 0) {
      const confidence = runsProgram(text, start, end)
      if (confidence > 0) found.push({ category: 'script-link', start, end, confidence })
      return
    }
    // Within an address that was read no other begins: a goal given in a parameter is not gone to.
    if (start < read) return
    const address = addressAt(text, start)
    if (address === undefined) return
    read = address.end
    const judged = judge(text, address)
    if (judged) found.push({ ...judged, start: address.start, end: address.end })
  })
  return found
}

function judge(text: string, address: Address): Pick<Sighting, 'category' | 'confidence'> | undefined {
  const { host, rest, use } = address
  const caught = catchesRequests(host)
  const inHost = carriedByHost(host)
  if (inHost && (use !== 'plain' || inHost.how === 'encoded' || caught))
    return { category: 'subdomain-carries-data', confidence: inHost.confidence }
  const carried = drawsWhatItIsTold(host) ? undefined : carriedBy(rest)
  if (carried && (use === 'fetched' || caught || isBareAddress(host))) {
    return {
      category: use === 'fetched' ? 'image-carries-data' : 'link-carries-data',
      confidence: caught ? 0.95 : carried.confidence,
    }
  }
  if (carried && (use === 'link' || carried.how === 'encoded')) {
    return {
      category: 'link-carries-data',
      confidence: use === 'link' ? carried.confidence - 0.1 : carried.confidence - 0.2,
    }
  }
  if (caught && use === 'fetched') return { category: 'request-catcher', confidence: 0.85 }
  return inWords(text, address)
}

function inWords(text: string, { start, end, host }: Address): Pick<Sighting, 'category' | 'confidence'> | undefined {
  const before = text.slice(Math.max(0, start - BEFORE), start)
  const asked = askedToSend(before, host)
  if (asked > 0) return { category: 'instruction-to-send', confidence: asked }
  const after = text.slice(end, end + AFTER)
  const line = before.slice(before.lastIndexOf('\n') + 1) + text.slice(start, end) + after.split('\n', 1)[0]!
  return sendsWhatIsKept(line, after) ? { category: 'command-sends', confidence: 0.8 } : undefined
}
