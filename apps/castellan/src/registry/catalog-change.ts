import type { JsonObject } from '../kernel/index.ts'
import type { Catalog, Primitive } from './capability.ts'

/** Which lists of a server look different from before, and how many capabilities came, went or changed. */
export interface CatalogChange {
  readonly tools: boolean
  readonly resources: boolean
  readonly prompts: boolean
  readonly facts: JsonObject
}

/** What changed between two discoveries; null when nothing a client could notice did. */
export function catalogChange(before: Catalog | undefined, after: Catalog): CatalogChange | null {
  const old = digests(before)
  const now = digests(after)
  const touched = new Set<Primitive>()
  const facts = { added: 0, changed: 0, removed: 0 }
  for (const [key, digest] of now) {
    if (!old.has(key)) facts.added++
    else if (old.get(key) !== digest) facts.changed++
    else continue
    touched.add(primitiveOf(key))
  }
  for (const key of old.keys()) {
    if (now.has(key)) continue
    facts.removed++
    touched.add(primitiveOf(key))
  }
  if (touched.size === 0) return null
  return {
    // A resource or prompt may be offered as a tool, so any change may show in the list of tools.
    tools: true,
    resources: touched.has('resource') || touched.has('template'),
    prompts: touched.has('prompt'),
    facts,
  }
}

function digests(catalog: Catalog | undefined): Map<string, string> {
  return new Map((catalog?.capabilities ?? []).map(each => [`${each.primitive} ${each.name}`, each.digest]))
}

function primitiveOf(key: string): Primitive {
  return key.slice(0, key.indexOf(' ')) as Primitive
}
