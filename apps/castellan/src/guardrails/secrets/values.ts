import type { Form } from './credibility.ts'

/** Where the value of a name stands. */
export interface Value {
  readonly start: number
  readonly end: number
  readonly form: Form
}

/** Most characters of a value that are read; longer ones are files, not secrets. */
const LONGEST = 2_000

// What may stand between a name and the sign that gives it a value: the end of a quotation, a bracket, spaces.
const SIGN = /(\\{0,3}["'`][\]}]?|\]|\)|\}|\*{1,2})?([ \t]{0,20})(:=|=>|[=!]==?|\?\?=?|\|\|=?|\?[=:]|%3D|[:=,(>|]|)/y
const SPACES = /\*{0,2}[ \t]{0,40}(?:\r?\n[ \t]{1,40}(?=["'`]))?/y
const TYPE = /(?:const )?[&*\w<>[\]?|. ]{1,40}=[ \t]{0,10}(?=["'`])/y
const TYPED = /[ \t]{1,4}(?:&?str|[sS]tring|text|TEXT)[ \t]{0,4}=[ \t]{0,4}(?=["'`])/y
const QUOTE = /(?:[fFbBrRuUL@$]{1,2})?(\\{0,3}(?:"""|'''|["'`]))/y
const CALL = /(?:new )?[\w.:<>]{1,60}\([ \t]{0,10}[bBuU]?(["'`])/y
const FALLBACK = /[\w.$[\]"'()!, ]{1,80}?[ \t]{0,4}(?:\|\||\?\?|\?:| or )[ \t]{0,4}(["'`])/y
const SAID =
  /(?:[ \t]{1,3}(?:for|to|of|on|at|in)(?: [\w.@'-]{1,30}){1,4}?)?(?:[ \t]{1,3}(?:is|was|are|ist|es|est|é|(?:is |was )?(?:changed|updated|now|reset|set) to)[ \t]{0,2}:?|:)[ \t]{1,3}(?:set to |now |still )?/y
const BARE = /[^\s"'`<>]{1,400}/y
const NAMED =
  /["']?[ \t]{0,4}(?:,|\/?>|[ \t\r\n]|<\/key>)[ \t\r\n]{0,20}["']?(?:(?:value|content|val|default)["']?[ \t]{0,4}[:=][ \t]{0,4}["']?|<string>)/iy

/** Finds the value that a text gives to the name that ends at a place, in whatever language it is written. */
export function valueAfter(text: string, name: number, nameEnd: number): Value | undefined {
  SIGN.lastIndex = nameEnd
  const match = SIGN.exec(text)!
  const [, closing = '', space = '', sign = ''] = match
  const at = nameEnd + match[0].length
  switch (sign) {
    case '':
      if (text[nameEnd] === '\n' || text[nameEnd] === '<') return namedBy(text, nameEnd)
      return closing === '' ? withoutSign(text, name, nameEnd) : namedBy(text, nameEnd)
    case ',':
      return closing === '' || closing.endsWith(']')
        ? undefined
        : (namedBy(text, nameEnd) ?? argumentAfter(text, name, at))
    case '(':
      return closing === '' && space === '' ? literalAt(text, skip(SPACES, text, at)) : undefined
    case '>':
      return elementAt(text, at, closing !== '')
    case '|':
      return cellAt(text, at)
    default:
      return assigned(text, { at, name, tight: space === '' && closing === '', sign })
  }
}

interface Sign {
  readonly at: number
  readonly name: number
  readonly tight: boolean
  readonly sign: string
}

function assigned(text: string, sign: Sign): Value | undefined {
  const spaced = skip(SPACES, text, sign.at)
  const start = sign.sign === ':' ? skip(TYPE, text, spaced) : spaced
  // In `"Password:"` the quote after the sign ends what began before the name.
  if (sign.tight && text[start] === text[sign.name - 1] && /["'`]/.test(text[start] ?? '')) return undefined
  const literal = literalAt(text, start)
  if (literal) return literal
  const fallback = mayFallBack(text, start) ? endOf(FALLBACK, text, start) : undefined
  if (fallback !== undefined) return literalAt(text, fallback - 1)
  const call = endOf(CALL, text, start)
  if (call !== undefined) {
    const argument = literalAt(text, call - 1)
    return argument && { ...argument, form: 'wrapped' }
  }
  return bareAt(text, start, sign)
}

function mayFallBack(text: string, start: number): boolean {
  const near = text.slice(start, start + 90)
  return near.includes('||') || near.includes('?') || near.includes(' or ')
}

/** A string literal, up to the same quote in the same line. */
function literalAt(text: string, at: number): Value | undefined {
  QUOTE.lastIndex = at
  const match = QUOTE.exec(text)
  if (!match) return undefined
  const quote = match[1]!
  const start = at + match[0].length
  const end = closing(text, quote, start)
  return end === undefined || end === start ? undefined : { start, end, form: 'literal' }
}

function closing(text: string, quote: string, start: number): number | undefined {
  const last = quote.charCodeAt(quote.length - 1)
  for (let at = start; at < text.length && at - start <= LONGEST; at++) {
    const code = text.charCodeAt(at)
    if (code === NEWLINE) return undefined
    if (code === BACKSLASH && !quote.startsWith('\\')) at++
    else if (code === last) return quote.startsWith('\\') ? at - quote.length + 1 : at
  }
  return undefined
}

const NEWLINE = 10
const BACKSLASH = 92

/** Shorter ones are variables, numbers and marks. */
const SHORTEST = 4

/** What stands without quotes: the rest of a line of settings, a word of a sentence, or a part of a query or connection string. */
function bareAt(text: string, start: number, { name, tight, sign }: Sign): Value | undefined {
  BARE.lastIndex = start
  const found = BARE.exec(text)?.[0]
  if (found === undefined || found.length < SHORTEST) return undefined
  const alone = beginsLine(text, name) && endsLine(text, start + found.length)
  if (alone && !/[;,)]$|[;,&][\w.]{1,30}=/.test(found)) {
    return { start, end: start + found.length, form: sign === '=' || sign === ':' ? 'setting' : 'said' }
  }
  const cut = found.search(/[&;,](?=[\w .-]{1,30}=)|&|;$|[,;]$|[)\]}]+[,;]?$/)
  const value = (cut < 0 ? found : found.slice(0, cut)).replace(/[.,:;?)]+$/, '')
  if (value === '' || /[(){}[\]]/.test(value)) return undefined
  const goesOn = /^[;&]/.test(found.slice(value.length)) && !/^[;&]$/.test(found.slice(value.length))
  // A connection string often ends with `;`, and then with the quote it stands in.
  const ended = /^;$/.test(found.slice(value.length)) && /["']/.test(text[start + found.length] ?? '')
  const code = /^[;,)\]}]/.test(found.slice(value.length)) && !goesOn && !ended
  const said = tight && (sign === '=' || sign === '%3D') ? !code : sign === ':' && !code
  return { start, end: start + value.length, form: said || goesOn ? 'said' : 'bare' }
}

/** `password is hunter2`, `--password hunter2`, `PASSWORD 'hunter2'`, `login bob password hunter2`. */
function withoutSign(text: string, name: number, nameEnd: number): Value | undefined {
  const typed = endOf(TYPED, text, nameEnd)
  if (typed !== undefined) return literalAt(text, typed)
  const said = endOf(SAID, text, nameEnd)
  if (said !== undefined) return literalAt(text, said) ?? wordAt(text, said, 'said')
  const element = text[name - 1] === '<' ? endOf(ATTRIBUTES, text, nameEnd) : undefined
  if (element !== undefined) return elementAt(text, element, true)
  const next = skip(LEVEL, text, nameEnd)
  if (next === nameEnd) return undefined
  const flag = text.charCodeAt(name) === HYPHEN
  const value = literalAt(text, next) ?? wordAt(text, next, flag ? 'setting' : 'said')
  if (value === undefined || flag) return value
  if (value.form === 'said' && !/[^A-Za-z]/.test(text.slice(value.start, value.end))) return undefined
  const before = text.slice(Math.max(0, name - 60), name)
  if (/^[ \t]*(?:ENV[ \t]+)?$/.test(before.slice(before.lastIndexOf('\n') + 1))) {
    return endsLine(text, value.form === 'literal' ? value.end + 1 : value.end) ? value : undefined
  }
  return INTRODUCED.test(before) ? value : undefined
}

/** `<Pass encoding="base64">`. */
const ATTRIBUTES = /(?:[ \t]{1,4}[\w:.-]{1,40}="[^"<>\n]{0,80}"){1,4}[ \t]{0,4}>/y
/** Spaces, and the digit with which routers say how the password after it is written. */
const LEVEL = /[ \t]{1,40}(?:[0578][ \t](?=\S{4}))?/y
const HYPHEN = 45
const INTRODUCED = /\b(?:login|user|username|with|and|use|using|identified by|role|alter|create|enable)\b/i

function wordAt(text: string, start: number, form: Form): Value | undefined {
  BARE.lastIndex = start
  const found = BARE.exec(text)?.[0].replace(/[.,;:?)]+$/, '')
  return found ? { start, end: start + found.length, form } : undefined
}

/** `set("password", "hunter2")`, `["password", "hunter2"]` and `["--password", "hunter2"]`, but no list of words. */
function argumentAfter(text: string, name: number, at: number): Value | undefined {
  if (!/(?:[([]|["'`]--?)["'`]?[\w$. -]{0,40}$/.test(text.slice(Math.max(0, name - 44), name))) return undefined
  const value = literalAt(text, skip(SPACES, text, at))
  return value && /[)\],]/.test(text[value.end + 1] ?? '') ? value : undefined
}

/** `<password>hunter2</password>`, and `name="password">hunter2<`. */
function elementAt(text: string, start: number, named: boolean): Value | undefined {
  const length = text.slice(start, start + LONGEST_ELEMENT).indexOf('<')
  if (length <= 0) return undefined
  const end = start + length
  return text[end + 1] === '/' && (named || !text.slice(start, end).includes('>'))
    ? { start, end, form: 'literal' }
    : undefined
}

const LONGEST_ELEMENT = 400

/** `| password | hunter2 |` */
function cellAt(text: string, at: number): Value | undefined {
  CELL.lastIndex = at
  const match = CELL.exec(text)
  if (!match) return undefined
  const start = at + match[1]!.length
  return { start, end: start + match[2]!.length, form: 'said' }
}

const CELL = /([ \t]{0,20}`?)([^\s|`]{4,200})`?[ \t]{0,20}\|/y

/** A name that is a value itself, with its own beside it: `{"name": "PASSWORD", "value": "hunter2"}`. */
function namedBy(text: string, nameEnd: number): Value | undefined {
  const at = endOf(NAMED, text, nameEnd)
  if (at === undefined) return undefined
  const quote = text[at - 1]!
  if (quote === '>') return elementAt(text, at, true)
  return quote === '"' || quote === "'" ? literalAt(text, at - 1) : wordAt(text, at, 'setting')
}

function beginsLine(text: string, name: number): boolean {
  const line = text.slice(Math.max(0, name - 80), name)
  const before = line.slice(line.lastIndexOf('\n') + 1)
  return /^[ \t]*(?:(?:export|set|setx|ENV|ARG|-|\+|#|;|\/\/|\*|"|')[ \t]*)?[\w.$:-]*(?:[ ][A-Za-z]+)*[ ]?$/.test(
    before,
  )
}

function endsLine(text: string, at: number): boolean {
  return at >= text.length || /[\r\n]/.test(text[at]!) || /^[ \t]+(?:#|\r?\n|$)/.test(text.slice(at, at + 20))
}

function skip(pattern: RegExp, text: string, at: number): number {
  return endOf(pattern, text, at) ?? at
}

function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}
