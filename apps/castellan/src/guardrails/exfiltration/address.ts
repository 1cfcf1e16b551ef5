/** How a text makes use of an address: what is `fetched` leaves as soon as the text is shown, a `link` when someone follows it. */
export type Use = 'fetched' | 'link' | 'plain'

/** An address in a text, in the parts in which data can leave. */
export interface Address {
  readonly start: number
  readonly end: number
  readonly use: Use
  /** In lower case, without port. */
  readonly host: string
  /** From the first `/`, `?` or `#` on. */
  readonly rest: string
}

const SCHEME = /(?:https?|wss?|ftp)$/i
const HOST =
  /(?:[^\s/?#@"'`<>()]{1,100}@)?((?:[\w.-]|\$\{[^}\s]{1,60}\}|\{\{[^}]{1,60}\}\}|\{[^}\s]{1,60}\}|<[\w -]{1,60}>|\$\([^)]{1,60}\)|\[[\w -]{1,60}\]){1,253})(?::[0-9]{1,5})?/y
/** Up to which an address is read; what is longer than this is told by its beginning. */
const LONGEST = 2_000
const NEAR = 160
/** Longer than how a link or an address in a style sheet begins. */
const NEARER = 12

/** Reads the address whose `://` is at a place. */
export function addressAt(text: string, at: number): Address | undefined {
  const scheme = SCHEME.exec(text.slice(Math.max(0, at - 5), at))?.[0]
  if (scheme === undefined) return undefined
  HOST.lastIndex = at + 3
  const host = HOST.exec(text)?.[1]
  if (host === undefined || !/[.{<$[]|localhost/.test(host)) return undefined
  const start = at - scheme.length
  const before = text.slice(Math.max(0, start - NEAR), start)
  const end = endOf(text, HOST.lastIndex, closingOf(before))
  return { start, end, use: useAfter(before), host: host.toLowerCase(), rest: text.slice(HOST.lastIndex, end) }
}

/** What ends an address beside spaces: whatever closes what was opened right before it. */
function closingOf(before: string): string {
  const opening = before.at(-1)
  return opening === '"' || opening === "'" || opening === '`' ? opening : opening === '(' ? ')' : ''
}

const MARK = /<[\w -]{2,60}>/y

function endOf(text: string, from: number, closing: string): number {
  let end = from
  let depth = 0
  for (; end < text.length && end - from < LONGEST; end++) {
    const character = text[end]!
    if (character === closing && depth === 0) break
    if (character === '{' || character === '[' || character === '(') depth++
    else if ((character === '}' || character === ']' || character === ')') && depth-- === 0) break
    if (character === '\n' || character === '\r') break
    // Only between brackets are there spaces: `{{ the conversation }}`.
    if ((character === ' ' || character === '\t') && depth === 0) break
    if (character === '"' && closing === '') break
    if (character === '>' && depth === 0) break
    if (character === '<') {
      MARK.lastIndex = end
      if (!MARK.test(text)) break
      end = MARK.lastIndex - 1
    }
  }
  return end
}

const MARKDOWN_IMAGE = /!\[[^\]]{0,120}\]\(\s{0,3}<?$/
const MARKDOWN_LINK = /\]\(\s{0,3}<?$/
const FETCHING =
  /<(?:img|iframe|script|embed|source|video|audio|input|frame|track|object|image|link|meta)\s[^>]{0,140}(?:src|srcset|data|href|poster|url)\s{0,2}=\s{0,2}["']?$/i
const LEADING = /<(?:a|form|area|base)\s[^>]{0,140}(?:href|action)\s{0,2}=\s{0,2}["']?$/i
const STYLE = /(?:url\(|@import)\s{0,3}["']?$/i
const REFERENCE = /(?:^|\n)\s{0,3}\[!?[\w .-]{1,60}\]:\s{1,4}<?$/

function useAfter(before: string): Use {
  const last = before.at(-1)
  switch (last) {
    case '(':
    case '<': {
      // An image is a link with a sign before it, and both are known by their end.
      const near = before.slice(-NEARER)
      const link = MARKDOWN_LINK.test(near)
      const fetched =
        (link && MARKDOWN_IMAGE.test(before)) || STYLE.test(near) || (last === '<' && REFERENCE.test(before))
      return fetched ? 'fetched' : link ? 'link' : 'plain'
    }
    case '"':
    case "'":
    case '=':
      return FETCHING.test(before) || STYLE.test(before) ? 'fetched' : LEADING.test(before) ? 'link' : 'plain'
    case ' ':
      return REFERENCE.test(before) || STYLE.test(before) || MARKDOWN_IMAGE.test(before) ? 'fetched' : 'plain'
    default:
      return 'plain'
  }
}
