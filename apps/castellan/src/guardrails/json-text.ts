import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/index.ts'

/** The texts of a JSON value as one text, and where each of them stands in it, from the first to the last. */
export interface JsonText {
  readonly text: string
  readonly leaves: readonly Leaf[]
}

/** A text, a key or a long number of a JSON value. */
export interface Leaf {
  /** In the text of all, half open. */
  readonly start: number
  readonly end: number
  readonly isKey: boolean
  /** Of a key, to its value. */
  readonly path: Path | null
}

/** The way to something within a value, from there upwards. */
interface Path {
  readonly up: Path | null
  readonly step: string | number
}

/**
 * Everything in a JSON value that can say something: texts, keys, and numbers long enough to stand for somebody. Each stands
 * behind its key on a line of its own, since "ssn" tells what the nine digits after it are. Left out are the data of pictures and
 * sounds, and the keys of content blocks that every one has.
 */
export function jsonText(value: JsonValue): JsonText {
  const leaves: Leaf[] = []
  let text = ''
  const put = (said: string, isKey: boolean, path: Path | null) => {
    leaves.push({ start: text.length, end: text.length + said.length, isKey, path })
    text += isKey ? `${said}: ` : `${said}\n`
  }
  const walk = (each: JsonValue, path: Path | null) => {
    if (typeof each === 'string') put(each, false, path)
    else if (typeof each === 'number') {
      if (Math.abs(each) >= SHORTEST_NUMBER) put(String(each), false, path)
    } else if (Array.isArray(each)) {
      for (let index = 0; index < each.length; index++) walk(each[index] as JsonValue, { up: path, step: index })
    } else if (isJsonObject(each)) {
      for (const key of Object.keys(each)) {
        if (saysNothing(each, key)) continue
        const below = { up: path, step: key }
        if (!structural.has(key)) put(key, true, below)
        walk(each[key]!, below)
      }
    }
  }
  walk(value, null)
  return { text, leaves }
}

/** Shorter ones stand for nobody. */
const SHORTEST_NUMBER = 1_000_000

/** Keys of the blocks that results of tools are made of: they say nothing, and would come between what blocks say. */
const structural: ReadonlySet<string> = new Set(['content', 'type', 'text', 'isError', 'structuredContent'])

/** The name of a kind of block, and the bytes of pictures and other files. */
function saysNothing(holder: JsonObject, key: string): boolean {
  const { type, mimeType } = holder
  if (key === 'type') return typeof type === 'string' && blocks.has(type)
  if (key === 'data') return type === 'image' || type === 'audio'
  return key === 'blob' && typeof mimeType === 'string' && !/^text\/|json|xml/.test(mimeType)
}

const blocks: ReadonlySet<string> = new Set(['text', 'image', 'audio', 'resource', 'resource_link'])

/** The leaves that a stretch of the text touches; the one before it when it lies between two. */
export function leavesAt({ leaves }: JsonText, start: number, end: number): readonly Leaf[] {
  let low = 0
  let high = leaves.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (leaves[middle]!.end <= start) low = middle + 1
    else high = middle
  }
  const touched: Leaf[] = []
  for (let at = low; at < leaves.length && leaves[at]!.start < end; at++) touched.push(leaves[at]!)
  const nearest = leaves[Math.max(0, low - 1)]
  return touched.length > 0 || nearest === undefined ? touched : [nearest]
}

/** A JSON pointer to a leaf. Source: RFC 6901. */
export function pointerTo({ path }: Leaf): string {
  let pointer = ''
  for (let at = path; at !== null; at = at.up)
    pointer = `/${String(at.step).replaceAll('~', '~0').replaceAll('/', '~1')}${pointer}`
  return pointer
}

/** A copy with other texts in place of some leaves. A key that there would be twice gets a number. */
export function rewritten(value: JsonValue, replacements: ReadonlyMap<Leaf, string>): JsonValue {
  const root = { value: structuredClone(value) as unknown }
  // From the last to the first, so that a key is renamed after what stands below it.
  const byPlace = [...replacements].sort(([one], [other]) => other.start - one.start)
  for (const [{ path, isKey }, text] of byPlace) {
    const holder = (path === null ? root : at(root.value, path.up)) as Record<string, unknown>
    const key = String(path?.step ?? 'value')
    if (!isKey) define(holder, key, text)
    else if (key !== text) rename(holder, key, text)
  }
  return root.value as JsonValue
}

function at(value: unknown, path: Path | null): unknown {
  return path === null ? value : (at(value, path.up) as Record<string | number, unknown>)[path.step]
}

/** Without changing the order of keys. */
function rename(holder: Record<string, unknown>, key: string, wanted: string): void {
  let name = wanted
  for (let number = 2; Object.hasOwn(holder, name); number++) name = `${wanted} ${number}`
  for (const [each, value] of Object.entries(holder)) {
    delete holder[each]
    define(holder, each === key ? name : each, value)
  }
}

/** As a definition: `__proto__` is a key like others in JSON. */
function define(holder: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true })
}
