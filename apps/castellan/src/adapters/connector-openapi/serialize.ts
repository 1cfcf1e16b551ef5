import { isJsonObject, type JsonValue } from '../../kernel/index.ts'
import type { Parameter } from './operation.ts'

type Written = Pick<Parameter, 'name' | 'style' | 'explode' | 'allowReserved' | 'json'>

/**
 * A path parameter's text, percent-encoded so that it stays within its segment. Null has no text.
 * Source: OpenAPI 3.1.1 section 4.8.12.4 "Style Values", RFC 6570 sections 3.2.2, 3.2.5 and 3.2.7.
 */
export function inPath({ name, style, explode, json }: Written, value: JsonValue): string {
  const items = json ? scalar(JSON.stringify(value)) : itemsOf(value)
  const key = encode(name)
  switch (style) {
    case 'label': {
      const separator = explode ? '.' : ','
      return items.length === 0 ? '' : `.${joined(items, explode, separator, encode)}`
    }
    case 'matrix': {
      if (items.length === 0) return ''
      const pair = (left: string, right: string) => (right === '' ? `;${left}` : `;${left}=${right}`)
      if (!explode || items.is === 'scalar') return pair(key, joined(items, false, ',', encode))
      return items.list.map(([field, text]) => pair(field === null ? key : encode(field), encode(text))).join('')
    }
    default:
      return joined(items, explode, ',', encode)
  }
}

/** A query or cookie parameter as pairs of name and text, percent-encoded. None when there is nothing to say. */
export function inPairs(
  { name, style, explode, allowReserved, json }: Written,
  value: JsonValue,
): readonly (readonly [name: string, text: string])[] {
  const write = allowReserved ? encodeKeepingReserved : encode
  const key = encode(name)
  if (json) return [[key, write(JSON.stringify(value))]]
  if (style === 'deepObject' && isJsonObject(value)) return deep(name, value, write)
  const items = itemsOf(value)
  if (items.length === 0) return []
  if (explode && items.is !== 'scalar') {
    return items.list.map(([field, text]) => [field === null ? key : encode(field), write(text)])
  }
  const separator = style === 'spaceDelimited' ? '%20' : style === 'pipeDelimited' ? '%7C' : ','
  return [[key, joined(items, false, separator, write)]]
}

/** A header's text, as it is: nothing in a header is percent-encoded. Undefined when there is nothing to say. */
export function inHeader({ explode, json }: Written, value: JsonValue): string | undefined {
  const items = json ? scalar(JSON.stringify(value)) : itemsOf(value)
  return items.length === 0 ? undefined : joined(items, explode, ',', text => text)
}

interface Items {
  readonly is: 'scalar' | 'array' | 'object'
  readonly length: number
  readonly list: readonly (readonly [field: string | null, text: string])[]
}

function itemsOf(value: JsonValue): Items {
  if (value === null) return { is: 'scalar', length: 0, list: [] }
  if (Array.isArray(value))
    return items(
      'array',
      (value as readonly JsonValue[]).flatMap(each => entry(null, each)),
    )
  if (isJsonObject(value))
    return items(
      'object',
      Object.entries(value).flatMap(([field, each]) => entry(field, each)),
    )
  return scalar(textOf(value))
}

function scalar(text: string): Items {
  return { is: 'scalar', length: 1, list: [[null, text]] }
}

function items(is: Items['is'], list: Items['list']): Items {
  return { is, length: list.length, list }
}

/** Null is undefined to RFC 6570, and left out. */
function entry(field: string | null, value: JsonValue): (readonly [string | null, string])[] {
  return value === null ? [] : [[field, textOf(value)]]
}

/** OpenAPI leaves nested values without a meaning; JSON is the one that loses nothing. */
function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function joined({ list }: Items, explode: boolean, separator: string, write: (text: string) => string): string {
  return list
    .map(([field, text]) => {
      if (field === null) return write(text)
      return explode ? `${write(field)}=${write(text)}` : `${write(field)}${separator}${write(text)}`
    })
    .join(separator)
}

/** `filter[name]=x`; deeper levels and arrays the way most frameworks read them. */
function deep(prefix: string, value: JsonValue, write: (text: string) => string): [string, string][] {
  if (value === null) return []
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap(each => deep(prefix, each, write))
  if (!isJsonObject(value)) return [[encode(prefix), write(textOf(value))]]
  return Object.entries(value).flatMap(([field, each]) => deep(`${prefix}[${field}]`, each, write))
}

/** Everything but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, hex)
}

/**
 * Leaves reserved characters as they are (RFC 6570 section 3.2.3), save those by which a value would become another
 * parameter or end the query: `#`, `&` and `+`; and the brackets, which no query may hold.
 */
function encodeKeepingReserved(text: string): string {
  return encode(text).replace(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B|3D)/g, decodeURIComponent)
}

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
