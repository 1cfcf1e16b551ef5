import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'

/** What came back, in full. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The last JSON-RPC message of the body, JSON or event stream; undefined when there is none. */
  readonly message: RpcMessage | undefined
}

export interface RpcMessage {
  readonly id: unknown
  readonly result?: Readonly<Record<string, unknown>> & { readonly content?: readonly { readonly text: string }[] }
  readonly error?: { readonly code: number; readonly message: string }
}

export interface Ask {
  readonly method?: string
  readonly path?: string
  readonly body?: string | Buffer
  /** Undefined takes a header away. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Sends the body without saying how long it is. */
  readonly chunked?: boolean
  /** Milliseconds within which there must be an answer, when that is not {@link PATIENCE}. */
  readonly patience?: number
}

/** Milliseconds within which everything must be answered. */
export const PATIENCE = 20_000

/** Sends exactly what it is given to `/mcp` with a key, and fails when nothing comes back in time. */
export async function send(castellan: { readonly url: string; readonly key: string }, ask: Ask): Promise<Answer> {
  const { method = 'POST', path = '/mcp', body, chunked = false, patience = PATIENCE } = ask
  const headers = Object.entries({
    authorization: `Bearer ${castellan.key}`,
    accept: 'application/json, text/event-stream',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...ask.headers,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const signal = AbortSignal.timeout(patience)
  // A connection of its own: what a bad request does to its connection is not the business of the next.
  const options = { method, headers: Object.fromEntries(headers), signal, agent: false }
  const request = httpRequest(castellan.url + path, options, response => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => (text += chunk))
    response.on('error', reject)
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text, message: messageIn(text) }),
    )
  })
  request.on('error', reject)
  request.end(body)
  return promise
}

const version = { '2025': '2025-11-25', '2026': '2026-07-28' } as const
export type Era = keyof typeof version
export const eras = ['2025', '2026'] as const

/** Speaks as a client of one era would: in a session of its own, or with everything in each request. */
export interface Speaker {
  /** A message as text; what belongs to the era is put into headers, and not into the text. */
  say(body: string | Buffer, rest?: Omit<Ask, 'body'>): Promise<Answer>
  request(method: string, params: Readonly<Record<string, unknown>>, rest?: Omit<Ask, 'body'>): Promise<Answer>
  call(name: string, args?: unknown, meta?: Readonly<Record<string, unknown>>): Promise<Answer>
  readonly sessionId: string | undefined
}

export async function speaker(
  castellan: { readonly url: string; readonly key: string },
  era: Era,
  path = '/mcp',
): Promise<Speaker> {
  const sessionId = era === '2025' ? await beginSession(castellan, path) : undefined
  const about = {
    'mcp-protocol-version': version[era],
    ...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId }),
  }
  const speak: Speaker = {
    sessionId,
    say: (body, rest = {}) => send(castellan, { path, ...rest, body, headers: { ...about, ...rest.headers } }),
    request(method, given, rest = {}) {
      const params =
        era === '2025' ? given : { ...given, _meta: { ...envelope, ...(given['_meta'] as object | undefined) } }
      const name = given['name'] ?? given['uri']
      const mirrored =
        era === '2025'
          ? {}
          : { 'mcp-method': method, ...(typeof name === 'string' ? { 'mcp-name': inHeader(name) } : {}) }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      return speak.say(body, { ...rest, headers: { ...mirrored, ...rest.headers } })
    },
    call: (name, args = {}, meta) =>
      speak.request('tools/call', { name, arguments: args, ...(meta ? { _meta: meta } : {}) }),
  }
  return speak
}

/** What a 2026 client puts into `_meta` of each request. */
export const envelope = {
  'io.modelcontextprotocol/protocolVersion': version['2026'],
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
} as const

export async function beginSession(
  castellan: { readonly url: string; readonly key: string },
  path = '/mcp',
): Promise<string> {
  const answer = await initialize(castellan, path)
  const id = answer.headers['mcp-session-id']
  assert.ok(typeof id === 'string', `initialize answered ${answer.status}: ${answer.text}`)
  return id
}

export function initialize(castellan: { readonly url: string; readonly key: string }, path = '/mcp'): Promise<Answer> {
  const params = { protocolVersion: version['2025'], capabilities: {}, clientInfo: { name: 'raw', version: '1' } }
  return send(castellan, { path, body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }) })
}

/** Source: MCP 2026-07-28, transports, encoding of header values. */
function inHeader(text: string): string {
  return /^[\x21-\x7e]+$/.test(text) ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`
}

function messageIn(text: string): RpcMessage | undefined {
  const json = text.startsWith('{')
    ? text
    : text
        .split('\n')
        .findLast(line => line.startsWith('data: {'))
        ?.slice(6)
  return json === undefined ? undefined : (JSON.parse(json) as RpcMessage)
}
