import { parse } from 'yaml'
import type { Variables } from '../../config/index.ts'
import { fault, isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import { SERVER_NAME } from '../../registry/index.ts'

/** A server as the configuration of another client describes it, in the words of our REST API. */
export interface FoundServer {
  /** The name it had there. */
  readonly from: string
  readonly name: string
  readonly server: JsonObject
}

export interface ClientConfig {
  readonly servers: readonly FoundServer[]
  /** What was left out and why. */
  readonly skipped: readonly { readonly from: string; readonly why: string }[]
}

/**
 * Reads the servers out of a configuration of Claude Desktop, Cursor or others (`mcpServers`), of VS Code (`servers`, or
 * `mcp.servers` in its settings), or a bare map of servers. Comments and trailing commas, which some of them allow, are
 * fine. A variable that is all of a value becomes a reference; one that is a part of it is filled in from `variables`.
 * Throws `REQUEST_INVALID` when the file holds nothing of the kind.
 */
export function readClientConfig(file: string, text: string, variables: Variables = {}): ClientConfig {
  const servers: FoundServer[] = []
  const skipped: { from: string; why: string }[] = []
  const taken = new Set<string>()
  for (const [from, entry] of Object.entries(serversIn(file, text))) {
    const read = isJsonObject(entry) ? readServer(entry, variables) : 'it is not a mapping'
    if (typeof read === 'string') {
      skipped.push({ from, why: read })
      continue
    }
    const name = nameFor(from, taken)
    taken.add(name)
    servers.push({ from, name, server: { name, ...read } })
  }
  return { servers, skipped }
}

function serversIn(file: string, text: string): JsonObject {
  let document: unknown
  try {
    // YAML reads JSON with trailing commas; comments are taken out before.
    document = parse(withoutComments(text), { maxAliasCount: 0 })
  } catch (cause) {
    throw fault('REQUEST_INVALID', { why: `${file} is neither JSON nor YAML` }, { cause })
  }
  if (isJsonObject(document)) {
    const { mcpServers, servers, mcp } = document
    if (isJsonObject(mcpServers)) return mcpServers
    if (isJsonObject(servers)) return servers
    if (isJsonObject(mcp) && isJsonObject(mcp.servers)) return mcp.servers
    const looksLikeServers = Object.values(document).every(
      each => isJsonObject(each) && ('command' in each || 'url' in each),
    )
    if (looksLikeServers && Object.keys(document).length > 0) return document
  }
  throw fault('REQUEST_INVALID', {
    why: `${file} has no "mcpServers" (Claude Desktop, Cursor) and no "servers" (VS Code)`,
  })
}

function readServer(entry: JsonObject, variables: Variables): JsonObject | string {
  if (entry.disabled === true) return 'it is disabled there'
  const asked = [...new Set(JSON.stringify(entry).match(/\$\{input:[^}]*\}/g))]
  if (asked.length > 0) return `it asks its client for ${asked.join(', ')}; give the value yourself`
  const { env, headers, ...open } = entry
  const unknown = [...new Set(JSON.stringify(open).match(/\$\{[^}]*\}/g))]
  if (unknown.length > 0) return `only its client knows what ${unknown.join(', ')} stands for; write it out`
  return typeof entry.command === 'string'
    ? readCommand(entry, entry.command, env, variables)
    : readUrl(entry, headers, variables)
}

function readCommand(
  { args = [], cwd }: JsonObject,
  command: string,
  env: JsonValue | undefined,
  variables: Variables,
): JsonObject | string {
  if (!areTexts(args)) return 'its args are not a list of texts'
  const secrets = texts(env, variables)
  if (typeof secrets === 'string') return secrets
  return {
    transport: 'stdio',
    command,
    args,
    ...(secrets === null ? {} : { env: secrets }),
    ...(typeof cwd === 'string' ? { cwd } : {}),
  }
}

function readUrl(entry: JsonObject, headers: JsonValue | undefined, variables: Variables): JsonObject | string {
  const url = entry.url ?? entry.serverUrl ?? entry.httpUrl
  if (typeof url !== 'string') return 'it has neither a command nor a url'
  const secrets = texts(headers, variables)
  if (typeof secrets === 'string') return secrets
  return { transport: transportOf(entry, url), endpoints: [url], ...(secrets === null ? {} : { headers: secrets }) }
}

function transportOf({ type, transport }: JsonObject, url: string): string {
  if (/^wss?:/i.test(url)) return 'websocket'
  return type === 'sse' || transport === 'sse' ? 'sse' : 'streamable-http'
}

function areTexts(value: JsonValue): boolean {
  return Array.isArray(value) && value.every(each => typeof each === 'string')
}

/** Values of environment variables and headers, or why they cannot be taken over. */
function texts(value: JsonValue | undefined, variables: Variables): JsonObject | string | null {
  if (!isJsonObject(value)) return null
  const read: Record<string, JsonValue> = {}
  for (const [key, given] of Object.entries(value)) {
    if (given === null || typeof given === 'object') return `${key} is neither a text nor a number`
    const text = String(given)
    const whole = WHOLE.exec(text)
    if (whole) {
      read[key] = { env: whole[1]! }
      continue
    }
    const missing: string[] = []
    read[key] = text.replace(PART, (_, name: string) => variables[name] ?? (missing.push(name), ''))
    if (missing.length > 0) return `${key} needs the variable ${missing.join(', ')}, which is not set here`
  }
  return read
}

const WHOLE = /^\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}$/
const PART = /\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}/g

function nameFor(from: string, taken: ReadonlySet<string>): string {
  const plain = from
    .toLowerCase()
    .replace(/^@[^/]*\//, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 24)
    .replace(/-+$/, '')
  const base = SERVER_NAME.test(plain) ? plain : 'server'
  let name = base
  for (let number = 2; taken.has(name); number++) name = `${base.slice(0, 20)}-${number}`
  return name
}

function withoutComments(text: string): string {
  // Strings are matched first, so that what looks like a comment inside one stays.
  return text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, match => (match.startsWith('"') ? match : ' '))
}
