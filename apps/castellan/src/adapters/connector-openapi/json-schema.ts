import { canonicalize, isFault, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import { bounds } from './bounds.ts'
import type { DocumentSet, Found } from './document-set.ts'
import { Unsupported } from './document-problem.ts'
import { ANNOTATIONS, checked, isCopied, isPattern, isStrings, nullable, typeOf, wrong } from './schema-keywords.ts'

type Schema = JsonObject | boolean

/**
 * Converts schemas of OpenAPI 3.0 and 3.1 to JSON Schema 2020-12 for one tool. References are replaced by what they name;
 * those of recursive types, or all when `keepRefs`, stay and point into `$defs`, which the tool's schema gets at its root.
 *
 * What a keyword cannot mean in 2020-12 is translated (`nullable`, boolean `exclusiveMinimum`, `example`), what says
 * nothing about values is dropped (`xml`, `discriminator`, extensions). In a request, properties that are `readOnly` are
 * left out, in a response those that are `writeOnly`.
 */
export class SchemaConversion {
  readonly #documents: DocumentSet
  readonly #hidden: 'readOnly' | 'writeOnly'
  readonly #keepRefs: boolean
  readonly #limit: number
  readonly #defs = new Map<string, { readonly name: string; readonly found: Found }>()
  /** References that are being replaced right now, outermost first. */
  #path: string[] = []
  #depth = 0
  nodes = 0

  constructor(documents: DocumentSet, direction: 'request' | 'response', keepRefs: boolean) {
    this.#documents = documents
    this.#hidden = direction === 'request' ? 'readOnly' : 'writeOnly'
    this.#keepRefs = keepRefs
    this.#limit = keepRefs ? bounds.toolNodes : bounds.inlinedNodes
  }

  /** Throws {@link TooLarge} or {@link Unsupported}. */
  convert(schema: unknown, base: string): Schema {
    return this.#schema(schema, base)
  }

  /** As {@link convert}, with the outermost reference always replaced, for where an object must stand. */
  convertRoot(schema: unknown, base: string): Schema {
    if (isJsonObject(schema) && typeof schema.$ref === 'string' && Object.keys(schema).length === 1) {
      const found = this.#documents.follow(schema, base, '')
      return this.#schema(found.value, found.base)
    }
    return this.#schema(schema, base)
  }

  /** The definitions that converted schemas, and these themselves, point to. Throws as {@link convert}. */
  defs(): JsonObject {
    const schemas: [string, Schema][] = []
    // Iterating a Map also visits what is added on the way.
    for (const [key, { name, found }] of this.#defs) {
      this.#path = [key]
      schemas.push([name, this.#schema(found.value, found.base)])
    }
    this.#path = []
    return Object.fromEntries(schemas)
  }

  #schema(schema: unknown, base: string): Schema {
    if (typeof schema === 'boolean') return schema
    if (!isJsonObject(schema)) throw new Unsupported('a schema is neither an object nor a boolean')
    this.#count()
    if (++this.#depth > bounds.schemaDepth) throw new TooLarge('its schema is nested too deeply')
    try {
      return typeof schema.$ref === 'string' ? this.#reference(schema, schema.$ref, base) : this.#plain(schema, base)
    } finally {
      this.#depth--
    }
  }

  #reference(schema: JsonObject, ref: string, base: string): Schema {
    const target = this.#target(ref, base)
    const { $ref: _, ...siblings } = schema
    const notes = this.#plain(siblings, base)
    const names = Object.keys(notes)
    if (names.length === 0) return target
    const mayMerge = typeof target === 'object' && names.every(name => ANNOTATIONS.has(name))
    if (mayMerge) return { ...target, ...notes }
    if (schema.nullable === true) return { anyOf: [target, { type: 'null' }] }
    return { allOf: [target], ...notes }
  }

  #target(ref: string, base: string): Schema {
    const found = this.#documents.find(ref, base)
    if (!this.#keepRefs && !this.#path.includes(found.key) && !this.#defs.has(found.key)) {
      if (this.#path.length >= bounds.refChain) throw new TooLarge('its "$ref"s lead too far')
      this.#path.push(found.key)
      try {
        return this.#schema(found.value, found.base)
      } finally {
        this.#path.pop()
      }
    }
    const name = this.#defs.get(found.key)?.name ?? this.#define(found)
    return { $ref: `#/$defs/${name}` }
  }

  /** Names a definition; it is converted when {@link defs} asks, so that nesting does not add up. */
  #define(found: Found): string {
    if (this.#defs.size >= MOST_DEFS) throw new Unsupported('its schema refers to too many others')
    const name = this.#defName(found.key)
    this.#defs.set(found.key, { name, found })
    return name
  }

  #defName(key: string): string {
    const last = key.slice(key.lastIndexOf('/') + 1).replace(/[^A-Za-z0-9_.-]+/g, '_') || 'schema'
    const taken = new Set([...this.#defs.values()].map(({ name }) => name))
    for (let number = 1; ; number++) {
      const name = number === 1 ? last : `${last}_${number}`
      if (!taken.has(name)) return name
    }
  }

  #plain(schema: JsonObject, base: string): JsonObject {
    const pairs: [string, JsonValue][] = []
    for (const [keyword, value] of Object.entries(schema)) {
      const converted = this.#keyword(keyword, value, schema, base)
      if (converted !== undefined) pairs.push([keyword, converted])
    }
    const converted: Record<string, JsonValue> = Object.fromEntries(pairs)
    const example = schema.examples === undefined ? this.#note(schema.example) : undefined
    if (example !== undefined) converted.examples = [example]
    return schema.nullable === true ? nullable(converted) : converted
  }

  #keyword(keyword: string, value: JsonValue, schema: JsonObject, base: string): JsonValue | undefined {
    switch (keyword) {
      case 'properties':
        return this.#map(keyword, this.#visible(value, base), base)
      case 'patternProperties':
      case 'dependentSchemas':
        return this.#map(keyword, value, base)
      case 'required': {
        // Drafts before 4 had a boolean here, which some documents still carry.
        if (!isStrings(value)) return undefined
        const visible = this.#visible(schema.properties ?? {}, base)
        const hidden = Object.keys(isJsonObject(schema.properties) ? schema.properties : {}).filter(
          name => !Object.hasOwn(visible, name),
        )
        return [...new Set(value.filter(name => !hidden.includes(name)))]
      }
      case 'allOf':
      case 'anyOf':
      case 'oneOf':
      case 'prefixItems':
        if (!Array.isArray(value) || value.length === 0) throw wrong(keyword)
        return (value as JsonValue[]).map(each => this.#schema(each, base))
      case 'additionalProperties':
      case 'contains':
      case 'contentSchema':
      case 'else':
      case 'if':
      case 'items':
      case 'not':
      case 'propertyNames':
      case 'then':
      case 'unevaluatedItems':
      case 'unevaluatedProperties':
        return this.#schema(value, base)
      case 'type':
        return typeOf(value)
      case 'exclusiveMaximum':
      case 'exclusiveMinimum': {
        if (typeof value !== 'boolean') return this.#bound(keyword, value)
        const bound = keyword === 'exclusiveMaximum' ? schema.maximum : schema.minimum
        return value && typeof bound === 'number' ? this.#bound(keyword, bound) : undefined
      }
      case 'maximum':
        return schema.exclusiveMaximum === true ? undefined : this.#bound(keyword, value)
      case 'minimum':
        return schema.exclusiveMinimum === true ? undefined : this.#bound(keyword, value)
      case 'default':
      case 'examples':
        return this.#note(checked(keyword, value))
      case 'pattern':
        // Documents made from other languages carry patterns that ECMA-262 does not know.
        return typeof value === 'string' && isPattern(value) ? value : undefined
      case '$id':
      case '$dynamicRef':
      case '$recursiveRef':
        throw new Unsupported(`its schema uses "${keyword}"`)
      default:
        return isCopied(keyword) ? this.#value(checked(keyword, value)) : undefined
    }
  }

  #map(keyword: string, value: JsonValue, base: string): JsonObject {
    if (!isJsonObject(value)) throw wrong(keyword)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.#schema(each, base)]))
  }

  /** Properties without those that have no business in this direction. */
  #visible(properties: JsonValue, base: string): JsonObject {
    if (!isJsonObject(properties)) throw wrong('properties')
    return Object.fromEntries(
      Object.entries(properties).filter(([, schema]) => {
        if (!isJsonObject(schema)) return true
        if (schema[this.#hidden] === true) return false
        const { value } = typeof schema.$ref === 'string' ? this.#documents.find(schema.$ref, base) : { value: schema }
        return !(isJsonObject(value) && value[this.#hidden] === true)
      }),
    )
  }

  /** Arguments hold no integer beyond 2^53, so a bound out there says nothing; 64-bit types are full of them. */
  #bound(keyword: string, value: JsonValue): JsonValue | undefined {
    const bound = checked(keyword, value)
    return Number.isInteger(bound) && !Number.isSafeInteger(bound) ? undefined : bound
  }

  /** A value that only explains, where it has a canonical form. */
  #note(value: JsonValue | undefined): JsonValue | undefined {
    if (value === undefined) return undefined
    const copy = this.#value(value)
    try {
      canonicalize(copy)
      return copy
    } catch (error) {
      if (!isFault(error, 'JSON_NOT_CANONICAL')) throw error
      return undefined
    }
  }

  /** A copy of a plain value, counted: YAML aliases may make a small text large. */
  #value(value: JsonValue, depth = 0): JsonValue {
    this.#count()
    if (depth > bounds.schemaDepth) throw new TooLarge('a value in its schema is nested too deeply')
    if (Array.isArray(value)) return (value as JsonValue[]).map(each => this.#value(each, depth + 1))
    if (!isJsonObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.#value(each, depth + 1)]))
  }

  #count(): void {
    if (++this.nodes > this.#limit) throw new TooLarge('its schema is too large')
  }
}

/** The schema does not fit; with references kept it may. */
export class TooLarge extends Unsupported {}

const MOST_DEFS = 500
