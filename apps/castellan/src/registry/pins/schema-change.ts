import { canonicalize, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'

/** How one place of a schema differs from before. */
export interface SchemaChange {
  /** `changed` is different, and neither wider nor narrower for certain; `wording` takes and asks for the same. */
  readonly is: 'narrowed' | 'widened' | 'changed' | 'wording'
  /** JSON pointer into the schema. */
  readonly at: string
  readonly what: string
}

/**
 * In what a JSON Schema (draft 7 to 2020-12) takes more, or asks a model for more, than another. Whatever is not certainly
 * narrower counts as wider or changed, so the answer errs on the side of a person looking at it.
 */
export function schemaChanges(before: JsonValue | undefined, after: JsonValue | undefined): SchemaChange[] {
  const found = compare(before ?? {}, after ?? {}, '', 0)
  // Under a negation what is narrower lets more pass.
  return turnsAround(before) || turnsAround(after)
    ? found.map(each => (each.is === 'narrowed' ? { ...each, is: 'changed' } : each))
    : found
}

type Schema = JsonValue

/** Deeper schemas are compared as a whole. */
const MAX_DEPTH = 40

function compare(before: Schema, after: Schema, at: string, depth: number): SchemaChange[] {
  if (same(before, after)) return []
  if (after === false) return [{ is: 'narrowed', at, what: 'nothing is taken any more' }]
  if (before === false) return [{ is: 'widened', at, what: 'something is taken where nothing was' }]
  const [old, now] = [asObject(before), asObject(after)]
  if (old === null || now === null || depth > MAX_DEPTH) return [{ is: 'changed', at, what: 'it is another schema' }]
  const changes: SchemaChange[] = []
  const say = (is: SchemaChange['is'], what: string, key = '') =>
    changes.push({ is, at: key === '' ? at : pointer(at, key), what })
  for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (same(own(old, key), own(now, key))) continue
    const rule = Object.hasOwn(rules, key) ? rules[key]! : unknownKeyword
    rule({ key, old, now, say, at, depth, into: more => changes.push(...more) })
  }
  return changes
}

interface Place {
  readonly key: string
  readonly old: JsonObject
  readonly now: JsonObject
  readonly at: string
  readonly depth: number
  readonly say: (is: SchemaChange['is'], what: string, key?: string) => void
  readonly into: (changes: readonly SchemaChange[]) => void
}
type Rule = (place: Place) => void

const wording: Rule = ({ key, say }) => say('wording', `its ${key} is another`, key)

/** What narrows by being there, and cannot be compared further. */
const assertion: Rule = ({ key, old, now, say }) => {
  if (old[key] === undefined) say('narrowed', `${key} is new`, key)
  else if (now[key] === undefined) say('widened', `${key} is gone`, key)
  else say('changed', `${key} is another`, key)
}

const changed: Rule = ({ key, say }) => say('changed', `${key} is another`, key)
const unknownKeyword: Rule = ({ key, say }) => say('changed', `the keyword ${key.slice(0, 60)} is another`, key)

/** A bound that lets more pass the higher it is, or the lower. */
function bound(direction: 'upper' | 'lower'): Rule {
  return place => {
    const { key, old, now, say } = place
    const [from, to] = [old[key], now[key]]
    if (typeof from !== 'number' || typeof to !== 'number') return assertion(place)
    say(to > from === (direction === 'upper') ? 'widened' : 'narrowed', `${key} from ${from} to ${to}`, key)
  }
}

const type: Rule = ({ old, now, say }) => {
  const [from, to] = [typesOf(old.type), typesOf(now.type)]
  const gained = to.filter(each => !covers(from, each))
  const lost = from.filter(each => !covers(to, each))
  const said = `type from ${shown(old.type)} to ${shown(now.type)}`
  if (gained.length > 0) say('widened', said, 'type')
  else if (lost.length > 0) say('narrowed', said, 'type')
}

const ALL_TYPES = ['null', 'boolean', 'object', 'array', 'number', 'string']

function typesOf(value: JsonValue | undefined): string[] {
  if (value === undefined) return ALL_TYPES
  return (Array.isArray(value) ? value : [value]).map(String)
}

function covers(types: readonly string[], type: string): boolean {
  return types.includes(type) || (type === 'integer' && types.includes('number'))
}

/** `enum` and `const` say the same thing, each by itself; together they are beyond this. */
const values: Rule = ({ key, old, now, say }) => {
  if ([old, now].some(({ enum: some, const: one }) => some !== undefined && one !== undefined))
    return say('changed', `${key} is another`, key)
  const [from, to] = [valuesOf(old), valuesOf(now)]
  if (to === null) return say('widened', 'any value is taken', key)
  if (from === null) return say('narrowed', 'only some values are taken', key)
  const gained = [...to].filter(each => !from.has(each))
  if (gained.length > 0) say('widened', `more values are taken: ${gained.slice(0, 5).join(', ').slice(0, 200)}`, key)
  else if (from.size > to.size) say('narrowed', 'fewer values are taken', key)
}

function valuesOf(schema: JsonObject): Set<string> | null {
  if (Array.isArray(schema.enum)) return new Set((schema.enum as readonly JsonValue[]).map(textOf))
  return schema.const === undefined ? null : new Set([textOf(schema.const)])
}

const properties: Rule = ({ old, now, at, depth, say, into }) => {
  const [from, to] = [asObject(old.properties) ?? {}, asObject(now.properties) ?? {}]
  const required = new Set(Array.isArray(now.required) ? now.required : [])
  for (const name of Object.keys(to)) {
    const place = pointer(pointer(at, 'properties'), name)
    if (Object.hasOwn(from, name)) into(compare(from[name]!, to[name]!, place, depth + 1))
    // Whatever was taken under this name before, nobody was asked for it.
    else
      into([
        { is: 'widened', at: place, what: `asks for ${required.has(name) ? 'a new' : 'an optional new'} property` },
      ])
  }
  for (const name of Object.keys(from)) {
    if (Object.hasOwn(to, name)) continue
    const place = pointer(pointer(at, 'properties'), name)
    if (now.additionalProperties === false) into([{ is: 'narrowed', at: place, what: 'the property is gone' }])
    else
      say('widened', `the property ${name.slice(0, 60)} is gone, and so anything is taken under its name`, 'properties')
  }
}

const required: Rule = ({ old, now, say }) => {
  const [from, to] = [new Set(namesIn(old.required)), new Set(namesIn(now.required))]
  for (const name of from) if (!to.has(name)) say('widened', `${name.slice(0, 60)} is no longer required`, 'required')
  for (const name of to) if (!from.has(name)) say('narrowed', `${name.slice(0, 60)} is required now`, 'required')
}

function namesIn(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]).map(String) : []
}

/** A schema that counts as "anything" when it is not there. */
const within: Rule = ({ key, old, now, at, depth, into, say }) => {
  if (Array.isArray(old[key]) || Array.isArray(now[key])) return say('changed', `${key} is another`, key)
  into(compare(old[key] ?? true, now[key] ?? true, pointer(at, key), depth + 1))
}

/** Schemas by name that are only spoken of elsewhere: one that is new or gone means nothing by itself. */
const definitions: Rule = ({ key, old, now, at, depth, into }) => {
  const [from, to] = [asObject(old[key] ?? {}) ?? {}, asObject(now[key] ?? {}) ?? {}]
  for (const name of Object.keys(to)) {
    if (!Object.hasOwn(from, name)) continue
    into(compare(from[name]!, to[name]!, pointer(pointer(at, key), name), depth + 1))
  }
}

const anyOf: Rule = place => {
  const { old, now, say } = place
  const [from, to] = [old.anyOf, now.anyOf]
  if (!Array.isArray(from) || !Array.isArray(to)) return assertion(place)
  const [before, after] = [new Set(from.map(textOf)), new Set(to.map(textOf))]
  if ([...after].every(each => before.has(each))) say('narrowed', 'fewer forms are taken', 'anyOf')
  else if ([...before].every(each => after.has(each))) say('widened', 'more forms are taken', 'anyOf')
  else say('changed', 'other forms are taken', 'anyOf')
}

const uniqueItems: Rule = ({ now, say }) =>
  say(now.uniqueItems === true ? 'narrowed' : 'widened', `uniqueItems is ${shown(now.uniqueItems)}`, 'uniqueItems')

/** Everything a comparison knows; what is not here is `changed` whenever it differs. */
const rules: Readonly<Record<string, Rule>> = {
  title: wording,
  description: wording,
  examples: wording,
  $comment: wording,
  deprecated: wording,
  readOnly: wording,
  writeOnly: wording,
  $schema: wording,
  // What happens when nothing is said is what a tool does.
  default: changed,

  type,
  enum: values,
  const: values,
  maximum: bound('upper'),
  exclusiveMaximum: bound('upper'),
  maxLength: bound('upper'),
  maxItems: bound('upper'),
  maxProperties: bound('upper'),
  maxContains: bound('upper'),
  minimum: bound('lower'),
  exclusiveMinimum: bound('lower'),
  minLength: bound('lower'),
  minItems: bound('lower'),
  minProperties: bound('lower'),
  pattern: assertion,
  format: assertion,
  multipleOf: assertion,
  uniqueItems,

  properties,
  required,
  additionalProperties: within,
  unevaluatedProperties: within,
  propertyNames: within,
  items: within,
  additionalItems: within,
  unevaluatedItems: within,
  contains: assertion,
  prefixItems: assertion,
  patternProperties: assertion,
  dependentRequired: assertion,
  dependentSchemas: assertion,
  allOf: assertion,
  anyOf,
  oneOf: changed,
  not: assertion,
  $ref: assertion,
  $defs: definitions,
  definitions,
}

/** Whether a schema somewhere says what must not be, or how many of several must. */
function turnsAround(schema: JsonValue | undefined): boolean {
  if (typeof schema !== 'object' || schema === null) return false
  if (Array.isArray(schema)) return (schema as readonly JsonValue[]).some(turnsAround)
  return Object.entries(schema).some(
    ([key, value]) => key === 'not' || key === 'oneOf' || key === 'if' || turnsAround(value),
  )
}

/** A value that is there, and not one that every object has. */
function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

function asObject(schema: Schema | undefined): JsonObject | null {
  if (schema === true) return {}
  return isJsonObject(schema) ? schema : null
}

function same(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one === other || textOf(one) === textOf(other)
}

function textOf(value: JsonValue): string {
  return canonicalize(value)
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? 'anything' : textOf(value).slice(0, 60)
}

function pointer(at: string, key: string): string {
  return `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 100)}`
}
