import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import { Unsupported } from './document-problem.ts'

/** Keywords that may be merged into another schema without changing what it allows. */
export const ANNOTATIONS = new Set([
  'title',
  'description',
  'default',
  'deprecated',
  'examples',
  'readOnly',
  'writeOnly',
])

/** Keywords that are copied, with the type their value must have. */
const SIMPLE: Readonly<Record<string, 'any' | 'array' | 'boolean' | 'number' | 'object' | 'string'>> = {
  const: 'any',
  contentEncoding: 'string',
  contentMediaType: 'string',
  default: 'any',
  dependentRequired: 'object',
  deprecated: 'boolean',
  description: 'string',
  enum: 'array',
  examples: 'array',
  exclusiveMaximum: 'number',
  exclusiveMinimum: 'number',
  format: 'string',
  maxContains: 'number',
  maxItems: 'number',
  maxLength: 'number',
  maxProperties: 'number',
  maximum: 'number',
  minContains: 'number',
  minItems: 'number',
  minLength: 'number',
  minProperties: 'number',
  minimum: 'number',
  multipleOf: 'number',
  readOnly: 'boolean',
  title: 'string',
  uniqueItems: 'boolean',
  writeOnly: 'boolean',
}

/** Whether a keyword of OpenAPI means the same in JSON Schema 2020-12, and holds no schemas. */
export function isCopied(keyword: string): boolean {
  return Object.hasOwn(SIMPLE, keyword)
}

/** The value of a keyword, when it has the type it must have. Throws {@link Unsupported}. */
export function checked(keyword: string, value: JsonValue): JsonValue {
  const wanted = SIMPLE[keyword]
  const given = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value
  if (wanted !== 'any' && given !== wanted) throw wrong(keyword)
  if (keyword === 'enum' && (value as JsonValue[]).length === 0) throw wrong(keyword)
  return value
}

const TYPES = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'])

/** The value of `type`. Throws {@link Unsupported}. */
export function typeOf(value: JsonValue): JsonValue {
  const types = typeof value === 'string' ? [value] : value
  if (!isStrings(types) || types.length === 0 || !types.every(type => TYPES.has(type))) throw wrong('type')
  return typeof value === 'string' ? value : [...new Set(types)]
}

/** Source: OpenAPI 3.0.3, proposal "Clarify Semantics of nullable"; beside a reference we take authors at their word. */
export function nullable(schema: JsonObject): JsonObject {
  const { type } = schema
  if (Object.keys(schema).length === 0) return schema
  if (type === undefined || schema.allOf || schema.anyOf || schema.oneOf || schema.const !== undefined) {
    return { anyOf: [schema, { type: 'null' }] }
  }
  const types = Array.isArray(type) ? (type as JsonValue[]) : [type]
  const values = schema.enum as readonly JsonValue[] | undefined
  return {
    ...schema,
    type: types.includes('null') ? types : [...types, 'null'],
    ...(values && !values.includes(null) ? { enum: [...values, null] } : {}),
  }
}

/** Whether a text is a pattern to ECMA-262, as JSON Schema wants it. */
export function isPattern(source: string): boolean {
  try {
    new RegExp(source, 'u')
    return true
  } catch {
    return false
  }
}

export function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(each => typeof each === 'string')
}

export function wrong(keyword: string): Unsupported {
  return new Unsupported(`"${keyword}" of a schema has no valid value`)
}
