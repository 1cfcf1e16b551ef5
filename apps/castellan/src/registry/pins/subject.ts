import { type Digest, digestBytes, digestJson, isJsonObject, type JsonObject } from '../../kernel/index.ts'
import type { Capability, Discovery } from '../capability.ts'
import type { PinnedKind } from './pin.ts'

/** Something that is pinned, as a server defines it now. */
export interface Subject {
  readonly kind: PinnedKind
  readonly name: string
  readonly definition: JsonObject
  /** Fingerprint of what is pinned of the definition. */
  readonly digest: Digest
}

/** Everything of a discovery that is pinned. */
export function subjectsOf({ capabilities, instructions }: Discovery): Subject[] {
  const all: Subject[] = capabilities.map(subjectOf)
  if (instructions) all.push(instructionsOf(instructions))
  return all
}

export function subjectOf(capability: Capability): Subject {
  const { primitive, name, definition } = capability
  return { kind: primitive, name, definition, digest: fingerprint(capability) }
}

export function instructionsOf(text: string): Subject {
  const definition = { instructions: text }
  return { kind: 'instructions', name: 'instructions', definition, digest: digestJson(definition) }
}

/** How a pin is found within its book. */
export function keyOf({ kind, name }: Pick<Subject, 'kind' | 'name'>): string {
  return `${kind} ${name}`
}

/** The id of a pin, which depends on nothing that a removal of the server would take along. */
export function pinId(tenant: string, server: string, { kind, name }: Pick<Subject, 'kind' | 'name'>): string {
  const digest = digestBytes(JSON.stringify([tenant, server, kind, name]))
  return digest.slice('sha256:'.length, 'sha256:'.length + 32)
}

const fingerprints = new WeakMap<Capability, Digest>()

/**
 * Fingerprint of what is pinned of a definition: everything but what may differ from one answer to the next, which is `_meta`
 * and, of resources, size and date. Of `_meta` what our own connectors say stays: it is where calls go.
 */
export function fingerprint(capability: Capability): Digest {
  let known = fingerprints.get(capability)
  if (known === undefined) {
    const pinned = pinnedPart(capability)
    known = pinned === capability.definition ? capability.digest : digestJson(pinned)
    fingerprints.set(capability, known)
  }
  return known
}

function pinnedPart({ primitive, definition }: Capability): JsonObject {
  const { _meta, ...rest } = definition
  const stable = primitive === 'resource' ? undated(rest) : rest
  const routed = route(definition)
  const said = isJsonObject(_meta) ? Object.keys(_meta).length : Number(_meta !== undefined)
  if (stable === rest && said === Object.keys(routed ?? {}).length) return definition
  return routed === null ? stable : { ...stable, _meta: routed }
}

/** A resource without what changes with its content. */
function undated(definition: JsonObject): JsonObject {
  const { size, annotations, ...rest } = definition
  const dated = isJsonObject(annotations) && annotations.lastModified !== undefined
  if (size === undefined && !dated) return definition
  if (annotations === undefined) return rest
  if (!dated) return { ...rest, annotations }
  const { lastModified: _, ...others } = annotations
  return { ...rest, annotations: others }
}

/** Where our own connectors say that calls go; null when they say nothing. */
export function route({ _meta }: JsonObject): JsonObject | null {
  if (!isJsonObject(_meta)) return null
  const ours = Object.entries(_meta).filter(([key]) => key.startsWith('castellan/'))
  return ours.length === 0 ? null : Object.fromEntries(ours)
}
