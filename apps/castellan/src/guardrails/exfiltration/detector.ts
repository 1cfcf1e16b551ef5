import type { Detector } from '../detector.ts'
import type { Finding } from '../finding.ts'
import { LiteralSearch } from '../literal-search.ts'
import type { View } from '../view.ts'
import { type Address, addressAt } from './address.ts'
import { carriedBy, carriedByHost } from './carried.ts'
import { catchesRequests, drawsWhatItIsTold, isBareAddress } from './hosts.ts'
import {
  askedToGoOn,
  askedToSend,
  commandNames,
  privateThings,
  sendsWhatIsKept,
  sendsWhatPageHolds,
} from './requests.ts'
import { runsProgram } from './script-links.ts'

/** Each kind of literal, and what seeing one means. */
const kinds = {
  address: ['://'],
  program: ['javascript:', 'vbscript:', 'data:text/html', 'data:application/xhtml'],
  private: privateThings,
  command: commandNames,
} as const
const literals = Object.entries(kinds).flatMap(([kind, of]) =>
  of.map(literal => ({ kind: kind as keyof typeof kinds, literal })),
)
let search: LiteralSearch | undefined

/** Characters before an address in which a sentence may ask to send something there, and after it in which a program may. */
const BEFORE = 400
const AFTER = 160

type Sighting = Pick<Finding, 'category' | 'start' | 'end' | 'confidence'>

/**
 * Finds ways out: addresses that carry away what a text should keep, above all those that are fetched as soon as it is shown,
 * links that run programs, and requests to send something private somewhere.
 */
export const exfiltrationDetector: Detector = {
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

/** Where the last thing was that makes a closer look at the next address worth its price. */
interface Heard {
  private: number
  command: number
}

function sightingsIn({ text }: View): Sighting[] {
  const found: Sighting[] = []
  const heard: Heard = { private: -BEFORE, command: -BEFORE }
  let read = 0
  search ??= new LiteralSearch(literals.map(it => it.literal))
  search.each(text, (literal, start, end) => {
    const { kind } = literals[literal]!
    switch (kind) {
      case 'private':
      case 'command':
        heard[kind] = start
        return
      case 'program': {
        const confidence = runsProgram(text, start, end)
        if (confidence > 0) found.push({ category: 'script-link', start, end, confidence })
        return
      }
      case 'address': {
        // Within an address that was read no other begins: a goal given in a parameter is not gone to.
        if (start < read) return
        const address = addressAt(text, start)
        if (address === undefined) return
        read = address.end
        const judged = ofItself(address) ?? inWords(text, address, heard)
        if (judged) found.push({ ...judged, start: address.start, end: address.end })
        return
      }
      default:
        throw kind satisfies never
    }
  })
  return found
}

type Judged = Pick<Sighting, 'category' | 'confidence'> | undefined

/** What an address betrays by what it is made of and how it is used. */
function ofItself({ host, rest, use }: Address): Judged {
  const caught = catchesRequests(host)
  const inHost = carriedByHost(host)
  if (inHost && (use !== 'plain' || inHost.how === 'encoded' || caught)) {
    return { category: 'subdomain-carries-data', confidence: inHost.confidence }
  }
  const carried = drawsWhatItIsTold(host) ? undefined : carriedBy(rest)
  if (carried && (use === 'fetched' || caught || isBareAddress(host))) {
    const category = use === 'fetched' ? 'image-carries-data' : 'link-carries-data'
    return { category, confidence: caught ? 0.95 : carried.confidence }
  }
  // What someone must follow is less likely meant to carry something away.
  if (carried && use === 'link') return { category: 'link-carries-data', confidence: carried.confidence - 0.1 }
  if (carried?.how === 'encoded') return { category: 'link-carries-data', confidence: carried.confidence - 0.2 }
  return caught && use === 'fetched' ? { category: 'request-catcher', confidence: 0.85 } : undefined
}

/** What the text around an address says is to be done with it. */
function inWords(text: string, { start, end, host, rest }: Address, heard: Heard): Judged {
  const after = text.slice(end, end + AFTER)
  if (sendsWhatPageHolds(after)) return { category: 'command-sends', confidence: 0.8 }
  if (askedToGoOn(rest, after)) return { category: 'instruction-to-send', confidence: 0.75 }
  const asked = start - heard.private < BEFORE ? askedToSend(text.slice(Math.max(0, start - BEFORE), start), host) : 0
  if (asked > 0) return { category: 'instruction-to-send', confidence: asked }
  if (start - heard.command >= BEFORE) return undefined
  const before = text.slice(Math.max(0, start - BEFORE), start)
  const line = before.slice(before.lastIndexOf('\n') + 1) + text.slice(start, end) + after.split('\n', 1)[0]!
  return sendsWhatIsKept(line) ? { category: 'command-sends', confidence: 0.8 } : undefined
}
