import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'

/**
 * A copy of a schema without what means nothing in JSON Schema and something to the compiler (`nullable`, `$async`, `id`),
 * and without the patterned properties whose pattern cannot be used. With such a pattern gone, one cannot tell which
 * properties are additional: `additionalProperties` and `unevaluatedProperties` beside it go, too.
 */
export function prepareSchema(schema: JsonValue, usable: (pattern: string) => boolean): JsonValue {
  if (!isJsonObject(schema)) return schema
  const copy = Object.create(null) as Record<string, JsonValue>
  for (const [key, value] of Object.entries(schema)) {
    if (
      key === '$async' ||
      (key === 'nullable' && typeof value === 'boolean') ||
      (key === 'id' && typeof value === 'string')
    )
      continue
    if (key === 'patternProperties' && isJsonObject(value)) copy[key] = each(withoutUnusable(value, usable))
    else if (maps.has(key) && isJsonObject(value)) copy[key] = each(value)
    else if (schemas.has(key)) copy[key] = Array.isArray(value) ? value.map(prepare) : prepare(value)
    else copy[key] = value
  }
  if (Object.keys(schema.patternProperties ?? {}).length !== Object.keys(copy.patternProperties ?? {}).length) {
    delete copy.additionalProperties
    delete copy.unevaluatedProperties
  }
  return copy

  function prepare(value: JsonValue): JsonValue {
    return prepareSchema(value, usable)
  }

  function each(map: JsonObject): JsonObject {
    return fromEntries(Object.entries(map).map(([key, value]) => [key, prepare(value)]))
  }
}

const maps = new Set(['properties', '$defs', 'definitions', 'dependentSchemas', 'dependencies'])

const schemas = new Set([
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'items',
  'prefixItems',
  'additionalItems',
  'unevaluatedItems',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'propertyNames',
])

function withoutUnusable(properties: JsonObject, usable: (pattern: string) => boolean): JsonObject {
  return fromEntries(Object.entries(properties).filter(([pattern]) => usable(pattern)))
}

/** Without a prototype, so that a property may have any name. */
function fromEntries(entries: readonly (readonly [string, JsonValue])[]): JsonObject {
  return Object.assign(Object.create(null) as JsonObject, Object.fromEntries(entries))
}
