import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'

interface Declaration {
  readonly path: readonly string[]
  readonly header: string
}

const KEY = 'x-mcp-header'
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const TYPES: readonly unknown[] = ['string', 'integer', 'boolean']

/**
 * The `Mcp-Param-*` headers that mirror arguments the tool's schema marks with `x-mcp-header`. Absent and null arguments
 * have no header; values that are not plain ASCII travel in base64.
 *
 * Source: MCP 2026-07-28, streamable HTTP, custom headers (SEP-2243).
 */
export function paramHeaders(definition: JsonObject, args: JsonObject): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const { path, header } of declarations(definition) ?? []) {
    const value = path.reduce<JsonValue | undefined>((at, key) => (isJsonObject(at) ? at[key] : undefined), args)
    const mirrored = typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number'
    if (mirrored) headers[`Mcp-Param-${header}`] = headerValue(String(value))
  }
  return headers
}

/** Whether the marks in a tool's schema are valid; a client must not offer a tool whose marks are not. */
export function hasValidHeaders(definition: JsonObject): boolean {
  return declarations(definition) !== null
}

function declarations(definition: JsonObject): Declaration[] | null {
  const found: Declaration[] = []
  if (!collect(definition.inputSchema, [], found)) return null
  const names = new Set(found.map(({ header }) => header.toLowerCase()))
  return names.size === found.length ? found : null
}

/** Follows `properties` only: a mark anywhere else has no single value to mirror, and makes the tool invalid. */
function collect(schema: JsonValue | undefined, path: readonly string[], found: Declaration[]): boolean {
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

/** Text as the value of a header: as it is where that is possible, else in base64. */
export function headerValue(value: string): string {
  const plain = /^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$/.test(value) && !/^=\?base64\?.*\?=$/.test(value)
  return plain ? value : `=?base64?${Buffer.from(value).toString('base64')}?=`
}
