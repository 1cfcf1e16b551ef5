import {
  digestJson,
  fault,
  isFault,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseStrict,
} from '../../kernel/index.ts'
import type { Capability, Discovery } from '../../registry/index.ts'
import type { Answer } from '../http-client/index.ts'

/**
 * What a tool server offers. Definitions are kept as they came, except that a schema under `input_schema` moves to
 * `inputSchema`, where everybody looks for it; a definition that cannot be used is left out with a warning.
 * Throws `UPSTREAM_PROTOCOL` when the answer is no list of tools.
 */
export function readTools(answer: Answer, server: string): Discovery {
  const warnings: string[] = []
  const capabilities = new Map<string, Capability>()
  for (const definition of listIn(answer, server)) {
    const read = readTool(definition, server)
    if (typeof read === 'string') warnings.push(read)
    else if (capabilities.has(read.name))
      warnings.push(`tool "${plain(read.name)}" left out: the server offers it twice`)
    else capabilities.set(read.name, read)
  }
  return {
    capabilities: [...capabilities.values()],
    serverCapabilities: { tools: {} },
    serverInfo: {},
    instructions: null,
    protocolVersion: null,
    ttl: null,
    warnings,
  }
}

function listIn(answer: Answer, server: string): readonly JsonValue[] {
  if (answer.is !== 'answered') throw broken(server, 'its list of tools is too long to read')
  let json: JsonValue
  try {
    json = parseStrict(answer.body.toString('utf8'))
  } catch (cause) {
    throw broken(server, `its list of tools is not JSON we can take (${isFault(cause) ? reason(cause) : ''})`, cause)
  }
  const tools = isJsonObject(json) ? json.tools : json
  if (!Array.isArray(tools)) throw broken(server, 'it answered list_tools without a list of tools')
  return tools as readonly JsonValue[]
}

/** The capability, or why there is none. */
function readTool(definition: JsonValue, server: string): Capability | string {
  if (!isJsonObject(definition)) return 'tool left out: its definition is not an object'
  const { name } = definition
  if (typeof name !== 'string' || name === '') return 'tool left out: its definition has no name'
  const normal = withInputSchema(definition)
  if (!isJsonObject(normal.inputSchema)) return `tool "${plain(name)}" left out: its input schema is not an object`
  try {
    return { server, primitive: 'tool', name, definition: normal, digest: digestJson(normal), impliedEffect: null }
  } catch (error) {
    return `tool "${plain(name)}" left out: ${(error as Error).message}`
  }
}

function withInputSchema(definition: JsonObject): JsonObject {
  if (definition.inputSchema !== undefined) return definition
  const { input_schema: schema, ...rest } = definition
  return { ...rest, inputSchema: schema ?? { type: 'object' } }
}

function reason(cause: { readonly details: { readonly why?: unknown } }): string {
  return typeof cause.details.why === 'string' ? cause.details.why.replace(/".*"/s, '…') : ''
}

/** Names are the server's words, and end up in terminals. */
function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 200)
}

function broken(server: string, why: string, cause?: unknown) {
  return fault('UPSTREAM_PROTOCOL', { server, why }, { cause })
}
