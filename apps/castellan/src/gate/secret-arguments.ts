import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/index.ts'
import { REDACTED } from '../journal/index.ts'
import type { Capability } from '../registry/index.ts'

/** A copy of some arguments without the values that the schema of their capability marks as secret; the very ones without any. */
export function withoutMarked(args: JsonObject, { definition }: Pick<Capability, 'definition'>): JsonObject {
  const { inputSchema } = definition
  if (!isJsonObject(inputSchema)) return args
  let marks = known.get(inputSchema)
  if (!marks) known.set(inputSchema, (marks = marksOf(inputSchema, 0)))
  return marks === NONE ? args : (cut(args, marks) as JsonObject)
}

/** What is secret below some value: all of it, or what lies under some of its keys, or in its items. */
type Marks = 'all' | { readonly keys: ReadonlyMap<string, Marks>; readonly items: Marks | undefined }

const NONE: Marks = { keys: new Map(), items: undefined }

// Schemas come with catalogues and go with them.
const known = new WeakMap<JsonObject, Marks>()

/** Source: JSON Schema 2020-12 validation, sections 9.4 (writeOnly); OpenAPI 3.1, format `password`. */
function marksOf(schema: JsonObject, depth: number): Marks {
  if (schema['writeOnly'] === true || schema['format'] === 'password') return 'all'
  if (depth >= DEEPEST) return NONE
  const keys = new Map<string, Marks>()
  const { properties, items } = schema
  for (const [key, property] of Object.entries(isJsonObject(properties) ? properties : {})) {
    const marks = isJsonObject(property) ? marksOf(property, depth + 1) : NONE
    if (marks !== NONE) keys.set(key, marks)
  }
  const inItems = isJsonObject(items) ? marksOf(items, depth + 1) : NONE
  return keys.size === 0 && inItems === NONE ? NONE : { keys, items: inItems === NONE ? undefined : inItems }
}

const DEEPEST = 20

function cut(value: JsonValue, marks: Marks | undefined): JsonValue {
  if (marks === undefined || value === null) return value
  if (marks === 'all') return REDACTED
  if (Array.isArray(value)) return value.map(item => cut(item as JsonValue, marks.items))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, cut(child, marks.keys.get(key))]))
}
