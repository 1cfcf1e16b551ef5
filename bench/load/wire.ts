import type { Revision } from '../echo/dialect.ts'

/** A JSON-RPC answer. */
export interface Answer {
  readonly id?: unknown
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: unknown
}

const clientInfo = { name: 'bench-load', version: '1' }

/** What a 2026 client puts into `_meta` of each request. */
export const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': clientInfo,
}

/** What a client asks first. */
export function greetingOf(revision: Revision): {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
} {
  return revision === '2025-11-25'
    ? { method: 'initialize', params: { protocolVersion: revision, capabilities: {}, clientInfo } }
    : { method: 'server/discover', params: {} }
}

/** A request as one line of JSON. */
export function requestText(
  revision: Revision,
  id: number,
  method: string,
  params: Readonly<Record<string, unknown>>,
): string {
  const all = revision === '2026-07-28' ? { ...params, _meta: envelope } : params
  return JSON.stringify({ jsonrpc: '2.0', id, method, params: all })
}

/** Headers that a request of this method has in this revision. Names of ours are ASCII. */
export function aboutRequest(
  revision: Revision,
  method: string,
  params: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  if (revision === '2025-11-25') return method === 'initialize' ? {} : { 'mcp-protocol-version': revision }
  const { name } = params
  return {
    'mcp-protocol-version': revision,
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
  }
}

/** The JSON of a body that is JSON or an event stream; the last message of it. Undefined when there is none. */
export function messageText(body: string): string | undefined {
  if (body.startsWith('{')) return body
  const line = body.split('\n').findLast(each => each.startsWith('data: {'))
  return line?.slice('data: '.length)
}
