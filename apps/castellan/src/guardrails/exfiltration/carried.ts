/** What an address takes along that is no part of the way to its goal. */
export interface Carried {
  readonly how: 'template' | 'encoded' | 'words'
  readonly confidence: number
}

/** Things nobody has in an address by chance: what was said, what is kept, and what opens something. */
const PRIVATE =
  /conversation|chat|histor(?:y|ies)|secret|password|passwd|credential|api[_ -]?keys?\b|system[_ -]?prompt|prompt|messages?\b|memor(?:y|ies)|context|user[_ -]?(?:data|input|info|message|details|email|name)|summary|transcript|cookie|env(?:ironment)?[_ -]?var|\benv\b|exfil|stolen|leak|private|sensitive|personal|confidential|contents?\b|\bdata\b|base64|answer|response|token|inbox|e-?mails?\b|contacts?\b|everything|ssn|files?\b|instructions/i
/** Of these, what is no part of the way to a picture or a page. */
const GUARDED =
  /conversation|chat|histor(?:y|ies)|secret|password|passwd|credential|api[_ -]?key|prompt|messages?\b|memory|context|user[_ -]?(?:data|input|message)|summary|transcript|cookie|\benv\b|exfil|stolen|leak|sensitive|confidential|\bdata\b|base64|inbox|everything|ssn|token/i
/** Names of parameters under which things are carried away. */
const TAKING =
  /^(?:d|data|q|m|msg|message|p|payload|exfil|leak|dump|loot|stolen|secrets?|s|c|cookie|cookies|chat|history|conversation|context|prompt|info|content|contents|text|t|x|v|k|key|keys|u|user|pass|password|token|creds?|credentials|env|b64|base64|log|body|input|note|out|result|summary|memory|e|email)$/i
/** How people and programs write down what should stay between them. */
const CONFIDED =
  /(?:password|secret|api.?key|token|ssn|account number|credit card|card|pin|salary|diagnosis|address|name)s?(?: number)?\s?(?:is|are|was|[:=])|user (?:asked|said|is|has|wants)|confidential|[\w.]@[\w-]{1,60}[.]\w|\bsk-\w|AKIA|[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{4} [0-9]{4} [0-9]{4}/i
const MARK =
  /\$\{([^}]{1,80})\}|\{\{([^}]{1,80})\}\}|\{([^{}]{1,80})\}|<([^<>]{1,80})>|\[([^[\]]{1,80})\]|\$\(([^)]{1,80})\)|%(?:7B|5B|3C)([^%]{1,80})%(?:7D|5D|3E)/gi
/** Commands whose output is worth carrying away; others put a version or a platform into the address of a download. */
const MACHINE = /^(?:whoami|id\b|hostname|cat |env\b|printenv|base64|history|ls\b)/
const CAPITALS = /^[A-Z][A-Z0-9_ +-]{3,60}$/
const SHORTEST_ENCODED = 16

/** What a part of an address after its host carries; undefined when it only says where to go. */
export function carriedBy(rest: string): Carried | undefined {
  if (rest.length < 4) return undefined
  const question = rest.indexOf('?')
  const path = question < 0 ? rest : rest.slice(0, question)
  const values = question < 0 ? [] : rest.slice(question + 1, question + 1_500).split(/[&;#]/)
  let best: Carried | undefined
  for (const value of values) best = surer(best, ofParameter(value))
  for (const segment of path.split('/')) best = surer(best, ofSegment(segment))
  return best
}

/** Whether a label of a host is data: in hexadecimal or base32 it is text. */
export function carriedByHost(host: string): Carried | undefined {
  if (/[{<$[]/.test(host)) return ofMarks(host)
  for (const label of host.split('.')) {
    if (label.length >= SHORTEST_ENCODED && (readsAsText(fromHex(label)) || readsAsText(fromBase32(label))))
      return { how: 'encoded', confidence: 0.85 }
  }
  return undefined
}

function ofParameter(parameter: string): Carried | undefined {
  const equals = parameter.indexOf('=')
  const name = equals < 0 ? '' : parameter.slice(0, equals)
  const value = equals < 0 ? parameter : parameter.slice(equals + 1)
  if (value.length < 4) return undefined
  const marked = ofMarks(value)
  if (marked) return marked
  const taking = TAKING.test(name)
  if (CAPITALS.test(value) && taking && PRIVATE.test(value.replaceAll('_', ' ')))
    return { how: 'template', confidence: 0.75 }
  const plain = decoded(value)
  if (/^(?:https?:|\/)/.test(plain)) return undefined
  if (readsAsText(fromHex(plain)) || readsAsText(fromBase64(plain))) return { how: 'encoded', confidence: 0.9 }
  if (taking && plain.split(/[\s_]+/).length >= 3 && CONFIDED.test(plain)) {
    return { how: 'words', confidence: 0.75 }
  }
  if (taking && /^(?:sk-|AKIA|ghp_|xox)[\w.-]{12,}/.test(plain)) return { how: 'words', confidence: 0.7 }
  return undefined
}

function ofSegment(segment: string): Carried | undefined {
  if (segment.length < 4) return undefined
  const marked = ofMarks(segment, GUARDED)
  if (marked) return marked
  if (segment.length < SHORTEST_ENCODED) return undefined
  const bare = segment.replace(/[.](?:png|gif|jpe?g|svg|webp|ico|bmp|css|js|html?)$/i, '')
  return readsAsText(fromHex(bare)) || readsAsText(fromBase64(bare)) ? { how: 'encoded', confidence: 0.8 } : undefined
}

/** Marks where something private is to be put in; others are how programs and their documents write addresses. */
function ofMarks(part: string, holding = PRIVATE): Carried | undefined {
  if (!/[{<[(]|%7B|%5B|%3C/i.test(part)) return undefined
  for (const match of part.matchAll(MARK)) {
    const inside = match.slice(1).find(it => it !== undefined) ?? ''
    if (match[6] !== undefined ? MACHINE.test(inside) : holding.test(inside.replaceAll(/[_+]|%20/g, ' '))) {
      return { how: 'template', confidence: 0.8 }
    }
  }
  return undefined
}

function surer(one: Carried | undefined, other: Carried | undefined): Carried | undefined {
  return other && (!one || other.confidence > one.confidence) ? other : one
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    return value
  }
}

function fromBase64(value: string): string | undefined {
  const bare = value.replace(/ /g, '+')
  if (bare.length < SHORTEST_ENCODED || !/^[\w+/-]+={0,2}$/.test(bare)) return undefined
  return Buffer.from(bare, 'base64').toString('utf8')
}

function fromHex(value: string): string | undefined {
  if (value.length < SHORTEST_ENCODED || value.length % 2 > 0 || !/^[0-9a-f]+$/i.test(value)) return undefined
  return Buffer.from(value, 'hex').toString('utf8')
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

function fromBase32(value: string): string | undefined {
  if (!/^[a-z2-7]+$/i.test(value)) return undefined
  let bits = 0
  let held = 0
  let text = ''
  for (const digit of value.toLowerCase()) {
    held = ((held << 5) | BASE32.indexOf(digit)) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    text += String.fromCharCode((held >> bits) & 0xff)
  }
  return text
}

/** Text that someone wrote or a program keeps: words with spaces between them, fields, or an address of a person. */
function readsAsText(text: string | undefined): boolean {
  if (
    text === undefined ||
    text.length < 8 ||
    !/^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\n\r\t]+$/u.test(text) ||
    text.includes('\ufffd')
  )
    return false
  if (/^\s*[{[]\s*"[\w -]+"\s*[:,]/.test(text)) return true
  const letters = text.match(/[\p{L} ]/gu)?.length ?? 0
  if (letters < text.length * 0.5) return false
  return /[a-z]{2}[ \n,;:=]{1,9}[\p{L}\d]/iu.test(text) || /[\w.]@[\w-]{1,60}[.]\w/.test(text)
}
