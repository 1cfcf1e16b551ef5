/** What a text says is an address: where it is. */
export interface Span {
  readonly start: number
  readonly end: number
}

const LONGEST_LOCAL = 64
const LONGEST_DOMAIN = 253

/** Names of files and of code that stand where a top-level domain would. */
const noDomains = new Set(
  (
    'png jpg jpeg gif svg webp ico css scss less js mjs cjs ts tsx jsx json yaml yml xml html htm md txt pdf zip gz tar ' +
    'exe dll so class java py rb go rs cpp hpp log bak tmp csv lock toml ini cfg conf service socket timer target mount'
  ).split(' '),
)

/** The e-mail address around the `@` at an offset; null when there is none. */
export function emailAround(text: string, at: number): Span | null {
  let start = at
  const first = Math.max(0, at - LONGEST_LOCAL)
  while (start > first && isLocal(text.charCodeAt(start - 1))) start--
  // A backslash before n, r or t is a line break or tab that was escaped.
  if (text.charCodeAt(start - 1) === 0x5c && 'nrt'.includes(text[start]!)) start++
  while (start < at && !isWord(text.charCodeAt(start))) start++
  if (start === at || text.charCodeAt(at - 1) === 46) return null
  const end = domainEnd(text, at + 1)
  if (end === 0) return null
  // Names and passwords in addresses of services, and what is copied from a host by a shell.
  if (isOfAddress(text, start) || (text.charCodeAt(end) === 58 && /^git$/i.test(text.slice(start, at)))) return null
  return { start, end }
}

/** The end of the domain that begins at an offset; 0 when what stands there is none. */
function domainEnd(text: string, start: number): number {
  let end = start
  const most = Math.min(text.length, start + LONGEST_DOMAIN)
  while (end < most && isDomain(text.charCodeAt(end))) end++
  while (end > start && !isWord(text.charCodeAt(end - 1))) end--
  const domain = text.slice(start, end)
  const labels = domain.split('.')
  if (labels.length < 2 || labels.some(label => label === '' || label.length > 63 || label.startsWith('-'))) return 0
  const top = labels.at(-1)!
  if (!/^(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59}|[^\x00-\x7f]{2,24})$/i.test(top) || noDomains.has(top.toLowerCase()))
    return 0
  return end
}

function isOfAddress(text: string, start: number): boolean {
  const before = text.slice(Math.max(0, start - 80), start)
  const scheme = before.lastIndexOf('://')
  return scheme >= 0 && !/[\s"'<>,;|]/.test(before.slice(scheme))
}

const ends =
  'com|org|net|edu|gov|io|co|info|biz|me|ai|dev|app|us|uk|de|fr|es|it|nl|ch|at|be|se|no|dk|fi|pl|pt|br|in|jp|cn|ru|ca|au|nz|ie|mx|eu'
const written = new RegExp(
  `([a-z0-9][a-z0-9._+-]{0,63})[ ]?(?:[\\[({<][ ]?(?:at|@)[ ]?[\\])}>]|[ ](at)[ ])[ ]?` +
    `([a-z0-9-]{1,63}(?:(?:[ ]?[\\[({<][ ]?(?:dot|\\.)[ ]?[\\])}>][ ]?|[ ]dot[ ]|\\.)[a-z0-9-]{2,63}){1,4})(?![a-z0-9])`,
  'iy',
)
const topLevel = new RegExp(`(?:[. ]|[\\])}>])(?:${ends})$`, 'i')
/** Words before `at` that are no name, as in "look at example dot com". */
const noNames =
  /^(?:me|us|is|are|it|at|be|was|look|looked|looking|available|found|site|page|visit|hosted|live|online|read|more|here|and|or|store|shop|work|works|worked|out|up|down|him|her|them|you|now|arrived|sold)$/i

/** An address that is written in words, such as `name at host dot com` or `name [at] host.com`, around the word `at`. */
export function spelledEmail(text: string, at: number): Span | null {
  let start = at
  while (start > at - 3 && start > 0 && /[\s[({<]/.test(text[start - 1]!)) start--
  const first = Math.max(0, start - LONGEST_LOCAL)
  while (start > first && isLocal(text.charCodeAt(start - 1))) start--
  while (start < at && !isAscii(text.charCodeAt(start))) start++
  written.lastIndex = start
  const found = written.exec(text)
  if (!found || !topLevel.test(found[3]!)) return null
  const plain = found[2] !== undefined
  // In plain words only both together are certain.
  if (plain && (!/[ ]dot[ ]|[\])}>]/i.test(found[3]!) || noNames.test(found[1]!))) return null
  return { start, end: start + found[0].length }
}

function isWord(unit: number): boolean {
  return isAscii(unit) || unit >= 0xa1
}

function isAscii(unit: number): boolean {
  const lower = unit | 32
  return (lower >= 97 && lower <= 122) || (unit >= 48 && unit <= 57)
}

function isLocal(unit: number): boolean {
  if (unit >= 0xc0) return unit < 0x2000 || (unit >= 0x3040 && unit < 0xe000)
  return isAscii(unit) || localSigns.has(unit)
}

const localSigns = new Set('._%+-~'.split('').map(sign => sign.charCodeAt(0)))

function isDomain(unit: number): boolean {
  if (unit >= 0xc0) return unit < 0x2000 || (unit >= 0x3040 && unit < 0xe000)
  return isAscii(unit) || unit === 45 || unit === 46
}
