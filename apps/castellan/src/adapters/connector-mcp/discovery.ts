import { digestJson, fault, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import type { Reply, Target } from '../../gate/index.ts'
import { type Capability, type Discovery, headerMarks, type Primitive } from '../../registry/index.ts'
import type { Era } from './transport.ts'

/** Asks the server one thing; throws when no answer comes. */
export type Ask = (
  method: string,
  params: JsonObject,
  signal: AbortSignal,
) => Promise<Extract<Reply, { is: 'result' | 'error' }>>

interface Session {
  readonly target: Target
  readonly era: Era
  readonly revision: string
  readonly greeting: JsonObject
  /** Whether arguments may be mirrored in headers. */
  readonly hasRequestStreams: boolean
  readonly mask: (text: string) => string
}

interface List {
  /** The server capability that announces it. */
  readonly announced: string
  readonly method: string
  /** Where a page holds its definitions. */
  readonly field: string
  readonly primitive: Primitive
  /** Where a definition holds its name. */
  readonly name: string
}

const lists: readonly List[] = [
  { announced: 'tools', method: 'tools/list', field: 'tools', primitive: 'tool', name: 'name' },
  { announced: 'resources', method: 'resources/list', field: 'resources', primitive: 'resource', name: 'uri' },
  {
    announced: 'resources',
    method: 'resources/templates/list',
    field: 'resourceTemplates',
    primitive: 'template',
    name: 'uriTemplate',
  },
  { announced: 'prompts', method: 'prompts/list', field: 'prompts', primitive: 'prompt', name: 'name' },
]

/** A server with more pages than this does not end its lists; what was read until then is used. */
const MOST_PAGES = 100
const METHOD_NOT_FOUND = -32601

/**
 * Everything a server offers, each definition exactly as it came. A bad definition is left out and named in a warning; a
 * list that cannot be read fails the whole, so that a hiccup never looks like a server without tools.
 */
export async function discoverCapabilities(ask: Ask, session: Session, signal: AbortSignal): Promise<Discovery> {
  const { greeting } = session
  const serverCapabilities = isJsonObject(greeting.capabilities) ? greeting.capabilities : {}
  const warnings: string[] = []
  const ttls: number[] = []
  const found: Capability[] = []
  for (const list of lists) {
    if (serverCapabilities[list.announced] === undefined) continue
    for (const definition of await readPages(ask, list, session, { warnings, ttls }, signal)) {
      const capability = accept(definition, list, session, warnings)
      if (capability !== null) found.push(capability)
    }
  }
  return {
    capabilities: withoutDuplicates(found, warnings),
    serverCapabilities,
    serverInfo: serverInfoOf(greeting),
    instructions: typeof greeting.instructions === 'string' ? greeting.instructions : null,
    protocolVersion: session.revision,
    ttl: ttls.length === 0 ? null : Math.min(...ttls),
    warnings,
  }
}

async function readPages(
  ask: Ask,
  { method, field }: List,
  { target, mask }: Session,
  notes: { readonly warnings: string[]; readonly ttls: number[] },
  signal: AbortSignal,
): Promise<JsonValue[]> {
  const definitions: JsonValue[] = []
  const seen = new Set<string>()
  let cursor: string | undefined
  for (let page = 1; page <= MOST_PAGES; page++) {
    const reply = await ask(method, cursor === undefined ? {} : { cursor }, signal)
    if (reply.is === 'error') {
      if (reply.error.code === METHOD_NOT_FOUND) {
        notes.warnings.push(`${method}: announced by the server, but not known to it`)
        return definitions
      }
      const why = mask(`${method} failed with ${reply.error.code}: ${plain(reply.error.message)}`)
      throw fault('UPSTREAM_PROTOCOL', { server: target.server, why })
    }
    const items = reply.result[field]
    if (!Array.isArray(items)) {
      throw fault('UPSTREAM_PROTOCOL', { server: target.server, why: `${method} answered without a list of ${field}` })
    }
    definitions.push(...(items as JsonValue[]))
    const { ttlMs, nextCursor } = reply.result
    if (typeof ttlMs === 'number' && ttlMs >= 0) notes.ttls.push(ttlMs)
    if (typeof nextCursor !== 'string') return definitions
    if (seen.has(nextCursor)) {
      notes.warnings.push(`${method}: the server repeats its pages; read ${page} of them`)
      return definitions
    }
    seen.add(nextCursor)
    cursor = nextCursor
  }
  notes.warnings.push(`${method}: more than ${MOST_PAGES} pages; the rest was left out`)
  return definitions
}

function accept(definition: JsonValue, list: List, session: Session, warnings: string[]): Capability | null {
  const { server } = session.target
  if (!isJsonObject(definition)) {
    warnings.push(`${list.primitive} left out: its definition is not an object`)
    return null
  }
  const name = definition[list.name]
  if (typeof name !== 'string' || name === '') {
    warnings.push(`${list.primitive} left out: its definition has no ${list.name}`)
    return null
  }
  if (
    list.primitive === 'tool' &&
    session.era === 'modern' &&
    session.hasRequestStreams &&
    headerMarks(definition) === null
  ) {
    warnings.push(`tool "${plain(name)}" left out: its x-mcp-header marks are not valid`)
    return null
  }
  try {
    const digest = digestJson(definition)
    return { server, primitive: list.primitive, name, definition, digest, impliedEffect: null }
  } catch (error) {
    warnings.push(`${list.primitive} "${plain(name)}" left out: ${(error as Error).message}`)
    return null
  }
}

/** Two definitions under one name cannot be told apart by a caller, so the first stands. */
function withoutDuplicates(capabilities: readonly Capability[], warnings: string[]): Capability[] {
  const seen = new Set<string>()
  return capabilities.filter(({ primitive, name }) => {
    const key = `${primitive} ${name}`
    if (!seen.has(key)) return seen.add(key)
    warnings.push(`${primitive} "${plain(name)}" left out: the server offers it twice`)
    return false
  })
}

/** Legacy servers introduce themselves in the result of `initialize`, modern ones in its `_meta`. */
function serverInfoOf(greeting: JsonObject): JsonObject {
  if (isJsonObject(greeting.serverInfo)) return greeting.serverInfo
  const fromMeta = isJsonObject(greeting._meta) ? greeting._meta['io.modelcontextprotocol/serverInfo'] : undefined
  return isJsonObject(fromMeta) ? fromMeta : {}
}

/** Names and messages are the server's words, and end up in terminals. */
function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 200)
}
