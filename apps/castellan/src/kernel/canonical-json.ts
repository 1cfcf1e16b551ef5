import { fault } from './fault.ts'
import type { JsonObject, JsonValue } from './json.ts'

/** Deeper nesting than this is refused everywhere: no honest tool argument needs it, and recursion must stay bounded. */
export const MAX_DEPTH = 128

/**
 * Canonical text of a JSON value: keys sorted by UTF-16 code units, ECMAScript numbers, no white space.
 * Two values are equal exactly when their canonical texts are equal, so digests may be taken over it.
 *
 * Throws `JSON_NOT_CANONICAL` for everything strict I-JSON forbids: lone surrogates, non-finite numbers, integers beyond
 * 2^53, undefined, functions, symbols, BigInt, non-plain objects (a Date, a Map), and nesting beyond {@link MAX_DEPTH}.
 *
 * Source: RFC 8785 (JCS) over RFC 7493 (I-JSON).
 */
export function canonicalize(value: unknown): string {
  if (isInOrder(value, 0)) return JSON.stringify(value)
  const ordered = inOrder(value, 0)
  return ordered === ODD ? write(value, '', 0) : JSON.stringify(ordered)
}

/** What the native writer would not write canonically, or what must be refused: {@link write} knows which, and where. */
const ODD = Symbol('odd')

/** Whether the native writer writes it canonically as it is; found out without building anything. */
function isInOrder(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed()
    case 'boolean':
      return true
    case 'number':
      return isExact(value)
    case 'object':
      if (value === null) return true
      if (depth >= MAX_DEPTH || 'toJSON' in value) return false
      return Array.isArray(value) ? areItemsInOrder(value, depth) : areKeysInOrder(value, depth)
    default:
      return false
  }
}

function areItemsInOrder(items: readonly unknown[], depth: number): boolean {
  for (let index = 0; index < items.length; index++) if (!isInOrder(items[index], depth + 1)) return false
  return true
}

function areKeysInOrder(value: object, depth: number): boolean {
  if (!isPlain(value)) return false
  const record = value as Record<string, unknown>
  let before = ''
  for (const key in record) {
    if (key < before || !key.isWellFormed() || !isInOrder(record[key], depth + 1)) return false
    before = key
  }
  return true
}

/** A copy with its keys in order, so that the native writer, which is several times faster, may be used. */
function inOrder(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : ODD
    case 'boolean':
      return value
    case 'number':
      return isExact(value) ? value : ODD
    case 'object':
      if (value === null) return value
      if (depth >= MAX_DEPTH || 'toJSON' in value) return ODD
      return Array.isArray(value) ? itemsInOrder(value, depth) : keysInOrder(value, depth)
    default:
      return ODD
  }
}

function itemsInOrder(items: readonly unknown[], depth: number): unknown {
  const copy: unknown[] = []
  for (let index = 0; index < items.length; index++) {
    const item = inOrder(items[index], depth + 1)
    if (item === ODD) return ODD
    copy.push(item)
  }
  return copy
}

function keysInOrder(value: object, depth: number): unknown {
  if (!isPlain(value)) return ODD
  const record = value as Record<string, unknown>
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(record).sort()) {
    const first = key.charCodeAt(0)
    // An object lists keys that are numbers first, whenever they were added; and to set __proto__ would not make a key.
    if ((first >= 0x30 && first <= 0x39) || key === '__proto__' || !key.isWellFormed()) return ODD
    const child = inOrder(record[key], depth + 1)
    if (child === ODD) return ODD
    copy[key] = child
  }
  return copy
}

/** Whether a number has a JSON form that loses nothing. */
function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function write(value: unknown, at: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      return text(value, at)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'number':
      if (!Number.isFinite(value)) throw refuse(at, `the number ${value} has no JSON form`)
      if (!isExact(value)) throw refuse(at, 'an integer beyond 2^53 loses digits; send it as a string')
      return JSON.stringify(value)
    case 'object':
      if (value === null) return 'null'
      if (depth >= MAX_DEPTH) throw refuse(at, `nested deeper than ${MAX_DEPTH} levels`)
      return Array.isArray(value) ? array(value, at, depth) : object(value, at, depth)
    default:
      throw refuse(at, `${typeof value} has no JSON form`)
  }
}

function array(items: readonly unknown[], at: string, depth: number): string {
  const parts: string[] = []
  for (let index = 0; index < items.length; index++) parts.push(write(items[index], `${at}/${index}`, depth + 1))
  return `[${parts.join(',')}]`
}

function object(value: object, at: string, depth: number): string {
  if (!isPlain(value)) throw refuse(at, 'only plain objects have a JSON form')
  const record = value as Record<string, unknown>
  const parts: string[] = []
  // Default sort compares UTF-16 code units, which is the order RFC 8785 section 3.2.3 asks for.
  for (const key of Object.keys(record).sort()) {
    parts.push(`${text(key, at)}:${write(record[key], `${at}/${key}`, depth + 1)}`)
  }
  return `{${parts.join(',')}}`
}

function text(value: string, at: string): string {
  if (!value.isWellFormed()) throw refuse(at, 'a lone surrogate is not valid Unicode text')
  return JSON.stringify(value)
}

function refuse(at: string, why: string) {
  return fault('JSON_NOT_CANONICAL', { at: at || '/', why })
}

/**
 * Parses JSON text as strict I-JSON: what `JSON.parse` accepts, less duplicate keys, lone surrogates, numbers that overflow
 * or lose integer digits, and nesting beyond {@link MAX_DEPTH}.
 *
 * Throws `JSON_MALFORMED` with the position (UTF-16 units from the start), or the place and reason.
 */
export function parseStrict(source: string): JsonValue {
  const plain = parsePlain(source)
  if (plain !== undefined) return plain
  checkStructure(source)
  try {
    return JSON.parse(source) as JsonValue
  } catch (error) {
    // The native message goes on to quote the text, which may hold secrets; for the same reason it is not kept as a cause.
    const why = (error as Error).message.replace(/, (?:\.\.\.)?"[^]*$/, '')
    // Of a character it names only the first half.
    throw fault('JSON_MALFORMED', { why: why.toWellFormed() })
  }
}

/**
 * The value of a text that is exactly what the native writer makes of it, as most of what programs send is: then no key was
 * there twice and no digit was lost. Undefined says nothing. Only for texts so short that it does no harm to build what is in
 * them before it is known to be good.
 */
function parsePlain(source: string): JsonValue | undefined {
  if (source.length > MOST_PLAIN || source.includes('\\ud')) return undefined
  try {
    const value = JSON.parse(source) as JsonValue
    return isKept(value, 0) && JSON.stringify(value) === source ? value : undefined
  } catch {
    return undefined
  }
}

const MOST_PLAIN = 64 * 1024

/** Neither too deep nor with integers that lose digits. */
function isKept(value: JsonValue, depth: number): boolean {
  if (typeof value === 'number') return isExact(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth >= MAX_DEPTH) return false
  if (Array.isArray(value)) return value.every(item => isKept(item as JsonValue, depth + 1))
  const record = value as JsonObject
  for (const key in record) if (!isKept(record[key]!, depth + 1)) return false
  return true
}

/**
 * One pass over the raw text, before the native parser builds anything: depth must be bounded before recursion, and
 * duplicate keys are invisible afterwards. Grammar errors are left to the native parser.
 */
function checkStructure(source: string): void {
  const open: (Set<string> | undefined)[] = []
  let expectKey = false
  for (let at = 0; at < source.length; at++) {
    const unit = source.charCodeAt(at)
    switch (unit) {
      case 0x7b: // {
        open.push(new Set())
        expectKey = true
        break
      case 0x5b: // [
        open.push(undefined)
        expectKey = false
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        expectKey = false
        break
      case 0x2c: // ,
        expectKey = open.at(-1) !== undefined
        break
      case 0x22: {
        const end = endOfString(source, at)
        const plain = decode(source, at, end)
        if (expectKey) {
          const keys = open.at(-1)
          if (keys?.has(plain)) throw malformed(`the key ${JSON.stringify(plain.slice(0, 80))} appears twice`, at)
          keys?.add(plain)
          expectKey = false
        }
        at = end
        break
      }
      default:
        if (unit === 0x2d || (unit >= 0x30 && unit <= 0x39)) at = endOfNumber(source, at)
    }
    if (open.length > MAX_DEPTH) throw malformed(`nested deeper than ${MAX_DEPTH} levels`, at)
  }
}

function endOfString(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at++) {
    const unit = source.charCodeAt(at)
    if (unit === 0x5c) at++
    else if (unit === 0x22) return at
  }
  throw malformed('a string is not closed', start)
}

function decode(source: string, start: number, end: number): string {
  const raw = source.slice(start + 1, end)
  let plain = raw
  if (raw.includes('\\')) {
    try {
      plain = JSON.parse(source.slice(start, end + 1)) as string
    } catch {
      throw malformed('a string has an invalid escape', start)
    }
  }
  if (!plain.isWellFormed()) throw malformed('a lone surrogate is not valid Unicode text', start)
  return plain
}

function endOfNumber(source: string, start: number): number {
  let end = start + 1
  while (end < source.length && '0123456789+-.eE'.includes(source[end]!)) end++
  const literal = source.slice(start, end)
  const value = Number(literal)
  if (Math.abs(value) === Infinity) throw malformed(`the number ${literal.slice(0, 40)} is too large`, start)
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw malformed(`the integer ${literal.slice(0, 40)} is beyond 2^53; send it as a string`, start)
  }
  return end - 1
}

function malformed(why: string, position: number) {
  return fault('JSON_MALFORMED', { why: `${why} (at character ${position})` })
}
