/**
 * Where an address is, as far as everybody agrees about it: `public` may be anywhere; `private` is inside of some network
 * (RFC 1918, shared address space, unique local); `unspecified` reaches this machine, too; `metadata` is where clouds hand out
 * the keys of a machine; `reserved` is for documentation, tests, groups and the future.
 */
export type Place = 'public' | 'loopback' | 'unspecified' | 'private' | 'link-local' | 'metadata' | 'reserved'

/**
 * The place of an IPv4 or IPv6 address in its usual form, with or without the brackets of a URL. An address that carries
 * another inside (mapped, compatible, NAT64, 6to4) is where that one is. Null for what is no address: odd forms, such as
 * `0x7f.1` or a zone, are none; what parses URLs has made them usual before.
 *
 * Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6052 (NAT64), RFC 3056 (6to4), RFC 4291.
 */
export function placeOf(address: string): Place | null {
  const v4 = parseIPv4(address)
  if (v4) return placeOfIPv4(v4)
  const v6 = parseIPv6(address.startsWith('[') && address.endsWith(']') ? address.slice(1, -1) : address)
  return v6 && placeOfIPv6(v6)
}

/**
 * What the host of a parsed URL says of its place by itself: an address, or a name that can only be meant for near. Null for
 * every other name, which has to be looked up.
 *
 * Sources: RFC 6761 (localhost), RFC 6762 (local), RFC 8375 (home.arpa), ICANN 2024 (internal). Names without a dot are in no
 * public zone.
 */
export function placeOfHost(host: string): Place | null {
  const place = placeOf(host)
  if (place !== null) return place
  const name = host.toLowerCase().replace(/\.$/, '')
  if (/^(.+\.)?localhost$/.test(name)) return 'loopback'
  return /^[^.]+$|\.(local|internal|home\.arpa)$/.test(name) ? 'private' : null
}

/** Whether only this machine is meant, whoever looks the name up. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || placeOf(host) === 'loopback'
}

function placeOfIPv4([a, b, c, d]: Bytes): Place {
  const full = ((a! * 256 + b!) * 256 + c!) * 256 + d!
  if (METADATA.has(full)) return 'metadata'
  if (full === 0) return 'unspecified'
  return blocks.find(({ first, last }) => full >= first && full <= last)?.place ?? 'public'
}

function placeOfIPv6(bytes: Bytes): Place {
  const starts = (...prefix: number[]) => prefix.every((byte, index) => bytes[index] === byte)
  const zeros = (from: number, to: number) => bytes.slice(from, to).every(byte => byte === 0)
  const inside = (at: number) => placeOfIPv4(bytes.slice(at, at + 4))
  if (zeros(0, 15) && bytes[15]! < 2) return bytes[15] === 1 ? 'loopback' : 'unspecified'
  // Compatible, mapped, translated (RFC 2765) and NAT64 with its well-known prefix.
  if (zeros(0, 12)) return inside(12)
  if (zeros(0, 10) && starts(...ZEROS, 0xff, 0xff)) return inside(12)
  if (zeros(0, 8) && bytes[8] === 0xff && bytes[9] === 0xff && zeros(10, 12)) return inside(12)
  if (starts(0, 0x64, 0xff, 0x9b) && zeros(4, 12)) return inside(12)
  if (starts(0, 0x64, 0xff, 0x9b, 0, 1)) return 'private'
  if (starts(0x20, 0x02)) return inside(2)
  if (starts(0xfd, 0x00, 0x0e, 0xc2)) return 'metadata'
  if ((bytes[0]! & 0xfe) === 0xfc) return 'private'
  if (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80) return 'link-local'
  // Site-local, deprecated and still routed by some.
  if (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0xc0) return 'private'
  // Of 2000::/3 the protocol assignments (Teredo among them) and the documentation are of no use here.
  const isReserved =
    (bytes[0]! & 0xe0) !== 0x20 ||
    (starts(0x20, 0x01) && bytes[2]! < 0x02) ||
    starts(0x20, 0x01, 0x0d, 0xb8) ||
    (starts(0x3f, 0xff) && bytes[2]! < 0x10)
  return isReserved ? 'reserved' : 'public'
}

const ZEROS = Array.from({ length: 10 }, () => 0)

type Bytes = readonly number[]

/** Four decimal numbers and nothing else: no zeros in front, which some take for octal. */
function parseIPv4(text: string): Bytes | null {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part))) return null
  const bytes = parts.map(Number)
  return bytes.every(byte => byte < 256) ? bytes : null
}

/** Source: RFC 4291 section 2.2. */
function parseIPv6(text: string): Bytes | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const [head, tail] = halves.map((half, index) => groupsOf(half, index === halves.length - 1))
  if (!head || tail === null) return null
  if (tail === undefined) return head.length === 16 ? head : null
  const missing = 16 - head.length - tail.length
  return missing < 2 ? null : [...head, ...Array.from({ length: missing }, () => 0), ...tail]
}

function groupsOf(half: string, isLast: boolean): Bytes | null {
  if (half === '') return []
  const groups = half.split(':')
  const bytes: number[] = []
  for (const [index, group] of groups.entries()) {
    const v4 = isLast && index === groups.length - 1 ? parseIPv4(group) : null
    if (v4) bytes.push(...v4)
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255)
    else return null
  }
  return bytes
}

/** Amazon and most others, Alibaba, Oracle, and Azure, whose address looks public. */
const METADATA = new Set(['169.254.169.254', '100.100.100.200', '192.0.0.192', '168.63.129.16'].map(numberOf))

const blocks = (
  [
    ['0.0.0.0/8', 'reserved'],
    ['10.0.0.0/8', 'private'],
    ['100.64.0.0/10', 'private'],
    ['127.0.0.0/8', 'loopback'],
    ['169.254.0.0/16', 'link-local'],
    ['172.16.0.0/12', 'private'],
    ['192.0.0.0/24', 'reserved'],
    ['192.0.2.0/24', 'reserved'],
    ['192.88.99.0/24', 'reserved'],
    ['192.168.0.0/16', 'private'],
    ['198.18.0.0/15', 'reserved'],
    ['198.51.100.0/24', 'reserved'],
    ['203.0.113.0/24', 'reserved'],
    ['224.0.0.0/3', 'reserved'],
  ] as const
).map(([block, place]) => {
  const [base, bits] = block.split('/')
  const first = numberOf(base!)
  return { first, last: first + 2 ** (32 - Number(bits)) - 1, place }
})

function numberOf(address: string): number {
  return parseIPv4(address)!.reduce((sum, byte) => sum * 256 + byte, 0)
}
