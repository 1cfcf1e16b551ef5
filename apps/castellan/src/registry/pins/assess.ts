import { canonicalize, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import { inputSchemaOf } from '../as-tool.ts'
import type { Change, ChangeClass } from './pin.ts'
import { poisonIn } from './poisoned.ts'
import { type SchemaChange, schemaChanges } from './schema-change.ts'
import { route, type Subject } from './subject.ts'
import { addressesIn, hiddenIn, textsIn, visible } from './texts.ts'
import type { Neighbours } from './tool-names.ts'

/** What detectors saw in the texts of a definition, which are one text, line by line. */
export interface Inspection {
  /** Orders to a model, and ways out for data. */
  readonly findings: readonly Found[]
  /** Why nothing or not all was looked at; null when it was. */
  readonly blind: string | null
}

export interface Found {
  /** What was seen, such as `tool-hijack`. */
  readonly category: string
  /** The very words. */
  readonly words: string
  /** Whether it is sure enough to keep back a definition that nobody has seen before. */
  readonly certain: boolean
}

/** What is around a definition. */
export interface Surroundings {
  readonly server: string
  readonly neighbours: Neighbours
  /** Whether the server is seen for the first time, as a whole. */
  readonly firstSight: boolean
}

/**
 * In what a definition differs from one that was reviewed, or without one what is risky about it by itself. Pure. Empty only
 * for what is new and without risk.
 */
export function assess(
  subject: Subject,
  basis: JsonObject | null,
  seen: Inspection,
  around: Surroundings,
): readonly Change[] {
  const changes = basis === null ? ofSomethingNew(subject, seen, around) : ofAChange(subject, basis, seen, around)
  return changes
    .slice(0, MOST_CHANGES)
    .map(({ at, what, ...rest }) => ({ ...rest, at: quotable(at), what: quotable(what) }))
}

/** So that no server fills a store with what is wrong about it. */
const MOST_CHANGES = 50

function ofSomethingNew(subject: Subject, seen: Inspection, around: Surroundings): Change[] {
  const text = textOf(subject.definition)
  const changes = hidden(subject.definition)
  for (const { category, words, certain } of orders(text, seen))
    if (certain) changes.push(change('instruction', `${category}: "${words}"`))
  changes.push(...unseen(seen), ...collisions(subject, around))
  // A tool of the server's own may be spoken of, under whatever name others have one, too.
  const spokenOf = around.neighbours.spokenOf(text, { server: around.server, name: subject.name })
  const own = new Set(spokenOf.filter(({ server }) => server === around.server).map(({ name }) => name))
  for (const { server, name } of spokenOf) {
    if (!own.has(name)) changes.push(change('tool_reference', `it speaks of the tool ${name} of the server ${server}`))
  }
  return changes
}

function ofAChange({ kind, name, definition }: Subject, basis: JsonObject, seen: Inspection, around: Surroundings) {
  const changes: Change[] = [...schemas(kind, basis, definition), ...hints(basis, definition)]
  const [old, now] = [textOf(basis), textOf(definition)]
  const known = addressesIn(old)
  for (const address of addressesIn(now)) if (!known.has(address)) changes.push(change('new_url', address))
  const shown = visible(old)
  for (const { category, words } of orders(now, seen)) {
    // What a person let pass, or was there from the start, is no news.
    if (!old.includes(words) && !shown.includes(words)) changes.push(change('instruction', `${category}: "${words}"`))
  }
  changes.push(...unseen(seen))
  if (hidden(basis).length === 0) changes.push(...hidden(definition))
  const self = { server: around.server, name }
  const before = new Set(around.neighbours.spokenOf(old, self))
  for (const tool of around.neighbours.spokenOf(now, self)) {
    if (!before.has(tool))
      changes.push(change('tool_reference', `it speaks of the tool ${tool.name} of the server ${tool.server}`))
  }
  if (!same(route(basis) ?? undefined, route(definition) ?? undefined))
    changes.push({ class: 'route', at: '/_meta', what: 'calls go to another address' })
  changes.push(...fields(basis, definition))
  if (changes.length === 0) changes.push(change('detail', 'the same in another form'))
  return changes
}

const classOf = {
  narrowed: 'schema_narrowed',
  widened: 'schema_widened',
  changed: 'schema_changed',
  wording: 'wording',
} as const satisfies Record<SchemaChange['is'], ChangeClass>

function schemas(kind: Subject['kind'], before: JsonObject, after: JsonObject): Change[] {
  const changes: Change[] = []
  const compare = (at: string, old: JsonValue | undefined, now: JsonValue | undefined) => {
    for (const each of schemaChanges(old, now)) {
      changes.push({ class: classOf[each.is], at: `${at}${each.at}`, what: each.what })
    }
  }
  switch (kind) {
    case 'tool':
      compare('/inputSchema', before.inputSchema, after.inputSchema)
      // Results that are described at last promise more than those that were not.
      if (before.outputSchema !== undefined) compare('/outputSchema', before.outputSchema, after.outputSchema)
      else if (after.outputSchema !== undefined)
        changes.push({ class: 'schema_narrowed', at: '/outputSchema', what: 'results are described now' })
      break
    case 'prompt':
      compare('/arguments', argumentsOf(before), argumentsOf(after))
      break
    case 'resource':
    case 'template':
    case 'instructions':
      break
    default:
      throw kind satisfies never
  }
  return changes
}

function argumentsOf(definition: JsonObject): JsonObject | undefined {
  return inputSchemaOf({ primitive: 'prompt', name: '', definition }) ?? undefined
}

/** What a tool may do when it does not say: of each hint, the more dangerous. Source: MCP 2025-11-25, ToolAnnotations. */
const unsaid = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true }

function hints(before: JsonObject, after: JsonObject): Change[] {
  const changes: Change[] = []
  const [old, now] = [annotationsOf(before), annotationsOf(after)]
  for (const hint of Object.keys(unsaid) as (keyof typeof unsaid)[]) {
    const [from, to] = [old[hint] ?? unsaid[hint], now[hint] ?? unsaid[hint]]
    if (same(from, to)) continue
    // Whoever says to be harmless is asked fewer questions, so neither direction is taken on its word.
    const direction = to === unsaid[hint] ? 'more dangerous than it said' : 'less dangerous than it said'
    const what = `from ${canonicalize(from)} to ${canonicalize(to)}: ${direction}`
    changes.push({ class: 'annotation', at: `/annotations/${hint}`, what })
  }
  return changes
}

function annotationsOf({ annotations }: JsonObject): JsonObject {
  return isJsonObject(annotations) ? annotations : {}
}

const compared = new Set(['inputSchema', 'outputSchema', 'arguments', '_meta', 'annotations'])
const wordings = new Set(['name', 'title', 'description', 'instructions'])

/** What is neither schema nor hint. */
function fields(before: JsonObject, after: JsonObject): Change[] {
  const changes: Change[] = []
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const both = Object.hasOwn(before, key) && Object.hasOwn(after, key)
    if (compared.has(key) || (both && same(before[key], after[key]))) continue
    const kind = wordings.has(key) ? 'wording' : 'detail'
    changes.push({ class: kind, at: `/${key.slice(0, 100)}`, what: `its ${key.slice(0, 60)} is another` })
  }
  return changes
}

function textOf(definition: JsonObject): string {
  return textsIn(definition).join('\n')
}

function hidden(definition: JsonObject): Change[] {
  return textsIn(definition)
    .map(hiddenIn)
    .filter(what => what !== null)
    .slice(0, 3)
    .map(what => change('hidden_text', what))
}

function orders(text: string, { findings }: Inspection): readonly Found[] {
  return [...findings, ...poisonIn(text).map(each => ({ ...each, certain: true }))]
}

function unseen({ blind }: Inspection): Change[] {
  return blind === null ? [] : [change('uninspected', blind)]
}

function collisions({ kind, name, digest }: Subject, { server, neighbours, firstSight }: Surroundings): Change[] {
  if (kind !== 'tool') return []
  const { same, alike } = neighbours.takenFor(name, server)
  const changes: Change[] = []
  if (alike)
    changes.push(
      change('name_collision', `its name looks like ${alike.name} of the server ${alike.server}, and is not`),
    )
  // Servers of one kind have tools of the same names, and whoever adds one means it. A tool that comes later is another matter,
  // unless it is the very same there.
  const other = firstSight ? undefined : same.find(each => each.digest !== digest)
  if (other) changes.push(change('name_collision', `the server ${other.server} has a tool of this name`))
  return changes
}

function change(kind: ChangeClass, what: string): Change {
  return { class: kind, at: '', what }
}

function same(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return canonicalize(one) === canonicalize(other)
}

/** A text of a server in a form that every store and screen takes. */
function quotable(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').toWellFormed()
  return line.length > 300 ? `${line.slice(0, 299).toWellFormed()}…` : line
}
