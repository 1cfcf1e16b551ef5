import type { Announcements } from './context.ts'
import { between, type DigitGroups } from './digit-groups.ts'
import type { Sighting } from './sighting.ts'

/** Addresses that look like versions, and that everybody knows. */
const wellKnown = new Set(['1.1.1.1', '1.0.0.1', '8.8.8.8', '8.8.4.4', '9.9.9.9', '4.2.2.2', '4.2.2.1'])

/** Addresses of every machine, and masks: they say nothing about anybody. */
const nobodys = new Set([
  '0.0.0.0',
  '127.0.0.0',
  '127.0.0.1',
  '255.0.0.0',
  '255.255.0.0',
  '255.255.255.0',
  '255.255.255.255',
  '::1',
])

/** An IPv4 address of four groups; private and documentation ones are addresses, too, version numbers are not. */
export function ipv4At(groups: DigitGroups, from: number, said: Announcements): Sighting | null {
  const { seps, text, starts, ends } = groups
  const upTo = from + 4
  if (upTo > groups.count || seps[from] === between.dot || seps[upTo] === between.dot) return null
  let small = true
  for (let group = from; group < upTo; group++) {
    if (group > from && seps[group] !== between.dot) return null
    const length = groups.length(group)
    if (length > 3 || (length > 1 && text.charCodeAt(starts[group]!) === 48)) return null
    const value = Number(text.slice(starts[group], ends[group]))
    if (value > 255) return null
    if (value >= 30) small = false
  }
  const [start, end] = [starts[from]!, ends[upTo - 1]!]
  if (seps[from] === between.dash || isOfProduct(text, start, end)) return null
  const address = text.slice(start, end)
  if (nobodys.has(address) || (address.endsWith('.0.0') && text[end] === '/')) return null
  const announced = said.near('ip', start, 40) && said.last('ip') > said.last('version')
  if (announced) return { upTo, category: 'ip', confidence: 0.95 }
  if (said.near('version', start, 14)) return null
  if (wellKnown.has(address)) return { upTo, category: 'ip', confidence: 0.8 }
  // A list of parts of something, such as 2.4.1.3, or a release, such as 16.0.0.0.
  if (small || address.endsWith('.0.0') || address.endsWith('.0.0.0')) return isLocal(address) ? { upTo, category: 'ip', confidence: 0.8 } : null // prettier-ignore
  return { upTo, category: 'ip', confidence: 0.85 }
}

function isLocal(address: string): boolean {
  return /^(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01]))\./.test(address)
}

/** `Chrome/120.0.0.0`, `lib_1.2.3.4`, `10.1.2.30-beta`; not `//10.1.2.30`, `root@10.1.2.30` or `10.1.2.30-10.1.2.40`. */
function isOfProduct(text: string, start: number, end: number): boolean {
  const before = text[start - 1]
  if ((before === '/' || before === '_') && /[A-Za-z0-9]/.test(text[start - 2] ?? '')) return true
  return /^[-_][A-Za-z]/.test(text.slice(end, end + 2))
}

/** The end of the IPv6 address that begins at `start`, with its zone or prefix left out; 0 when there is none. */
export function ipv6End(text: string, start: number): number {
  const end = endOfGroups(text, start)
  // What ends with two colons before its length is a network.
  const isNetwork = text[end] === '/' && text[end - 1] === ':'
  return isNetwork || nobodys.has(text.slice(start, end)) ? 0 : end
}

function endOfGroups(text: string, start: number): number {
  let end = start
  let groups = 0
  let digits = 0
  let gap = -1
  let numeric = false
  let groupStart = start
  const most = start + 45
  for (; end < most; end++) {
    const unit = text.charCodeAt(end)
    if (isHex(unit)) {
      if (unit < 58) numeric = true
      if (++digits > 4) return 0
    } else if (unit === 58) {
      if (digits > 0) groups++
      if (text.charCodeAt(end + 1) === 58) {
        if (gap >= 0) return 0
        gap = groups
        end++
        if (text.charCodeAt(end + 1) === 58) return 0
      } else if (digits === 0) break
      digits = 0
      groupStart = end + 1
    } else break
  }
  if (text.charCodeAt(end) === 46 && digits > 0 && digits <= 3) {
    const tail = /^\d{1,3}(?:\.\d{1,3}){3}(?![\w.])/.exec(text.slice(groupStart, groupStart + 16))
    if (tail) return (gap >= 0 ? groups <= 5 : groups === 6) ? groupStart + tail[0].length : 0
    if (isWord(text.charCodeAt(end + 1))) return 0
  }
  if (digits > 0) groups++
  else if (text.charCodeAt(end - 1) === 58 && gap !== groups) {
    // A colon behind the address ends a sentence or begins a port.
    end--
  }
  const after = text.charCodeAt(end)
  if (isWord(after)) return 0
  if (gap < 0) return groups === 8 ? end : 0
  // Names of programs are joined by two colons, too; they rarely have digits, and local ones have one group.
  return groups <= 7 && numeric && (groups >= 2 || end - start <= 4 || gap > 0) ? end : 0
}

/** The end of the MAC address that begins at `start`: six pairs with the same colon or dash between them; 0 when there is none. */
export function macEnd(text: string, start: number): number {
  const sign = text.charCodeAt(start + 2)
  for (let at = start; at < start + 17; at += 3) {
    if (!isHex(text.charCodeAt(at)) || !isHex(text.charCodeAt(at + 1))) return 0
    if (at < start + 15 && text.charCodeAt(at + 2) !== sign) return 0
  }
  const after = text.charCodeAt(start + 17)
  return isWord(after) || (after === sign && isHex(text.charCodeAt(start + 18))) ? 0 : start + 17
}

/** `001b.4411.3ab7`, as routers write it. */
export function dottedMacEnd(text: string, start: number): number {
  const written = text.slice(start, start + 14)
  if (!/^[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}$/.test(written) || !/[a-fA-F]/.test(written)) return 0
  const after = text.charCodeAt(start + 14)
  return isWord(after) || after === 46 ? 0 : start + 14
}

function isHex(unit: number): boolean {
  const lower = unit | 32
  return (unit >= 48 && unit <= 57) || (lower >= 97 && lower <= 102)
}

function isWord(unit: number): boolean {
  const lower = unit | 32
  return (unit >= 48 && unit <= 57) || (lower >= 97 && lower <= 122) || unit === 95
}
