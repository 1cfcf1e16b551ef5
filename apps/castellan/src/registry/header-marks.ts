import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/index.ts'

/** An argument that travels in a header, too. */
export interface HeaderMark {
  /** Where the argument is. */
  readonly path: readonly string[]
  /** The header's name after `Mcp-Param-`. */
  readonly header: string
}

const KEY = 'x-mcp-header'
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const TYPES: readonly unknown[] = ['string', 'integer', 'boolean']

// Definitions live as long as a catalogue and are asked for with every call.
const known = new WeakMap<JsonObject, readonly HeaderMark[] | 'invalid'>()

/**
 * The arguments that a tool's schema marks with `x-mcp-header`; null when its marks are not valid, and the tool must not be
 * offered. Source: MCP 2026-07-28, streamable HTTP, custom headers (SEP-2243).
 */
export function headerMarks(definition: JsonObject): readonly HeaderMark[] | null {
  let marks = known.get(definition)
  if (marks === undefined) {
    const found: HeaderMark[] = []
    const valid = collect(definition.inputSchema, [], found)
    const names = new Set(found.map(({ header }) => header.toLowerCase()))
    marks = valid && names.size === found.length ? found : 'invalid'
    known.set(definition, marks)
  }
  return marks === 'invalid' ? null : marks
}

/** What a marked argument is in these arguments, as text; null when there is nothing to say in a header. */
export function markedValue({ path }: HeaderMark, args: JsonObject): string | null {
  const value = path.reduce<JsonValue | undefined>((at, key) => (isJsonObject(at) ? at[key] : undefined), args)
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number' ? String(value) : null
}

/** Follows `properties` only: a mark anywhere else has no single value to mirror, and makes the tool invalid. */
function collect(schema: JsonValue | undefined, path: readonly string[], found: HeaderMark[]): boolean {
  if (!isJsonObject(schema)) return true
  const header = schema[KEY]
  if (header !== undefined) {
    if (path.length === 0 || typeof header !== 'string' || !TOKEN.test(header) || !TYPES.includes(schema.type))
      return false
    found.push({ path, header })
  }
  for (const [keyword, child] of Object.entries(schema)) {
    if (keyword === 'properties' && isJsonObject(child)) {
      for (const [name, property] of Object.entries(child)) if (!collect(property, [...path, name], found)) return false
    } else if (!DATA.has(keyword) && marked(child)) return false
  }
  return true
}

/** Keywords that hold example values and not schemas. */
const DATA = new Set([KEY, 'const', 'enum', 'default', 'examples'])

function marked(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some(marked)
  if (!isJsonObject(value)) return false
  if (value[KEY] !== undefined) return true
  return Object.entries(value).some(([keyword, child]) => !DATA.has(keyword) && marked(child))
}
