import assert from 'node:assert/strict'
import { isJsonObject, type JsonObject } from '../../apps/castellan/src/kernel/index.ts'
import type { Received } from './door.ts'

/** What the endpoint may say to a client, whatever that client said. */
const statuses = [200, 202, 400, 401, 403, 404, 405, 406, 413, 415]

/**
 * Holds an answer of `/mcp` against what JSON-RPC and MCP allow, and returns its messages. `asked` is the body as any
 * JSON parser reads it, undefined when none can.
 */
export function judge({ status, headers, text }: Received, asked: unknown): readonly JsonObject[] {
  assert.ok(statuses.includes(status), `HTTP ${status}: ${text.slice(0, 500)}`)
  if (status === 202) {
    assert.equal(text, '')
    return []
  }
  const messages = messagesIn(text, headers['content-type'] ?? '')
  const wanted = idsIn(asked)
  for (const message of messages) {
    if (typeof message['method'] === 'string') {
      assert.ok(!('id' in message), 'it asks a client that said it can answer nothing')
      continue
    }
    // Problem details, from in front of the endpoint.
    if (status === 403 && 'title' in message) continue
    assert.equal(message['jsonrpc'], '2.0', text.slice(0, 500))
    assert.notEqual('result' in message, 'error' in message, `neither or both: ${text.slice(0, 500)}`)
    if ('error' in message) isError(message['error'])
    const { id } = message
    if (id !== null) assert.ok(wanted.includes(id), `it answers ${JSON.stringify(id)}: ${text.slice(0, 500)}`)
    else assert.ok('error' in message && status >= 400, `it answers nobody: ${text.slice(0, 500)}`)
  }
  return messages
}

/** Calls of a tool that were answered with what the tool said. */
export function made(messages: readonly JsonObject[]): number {
  return messages.filter(({ result }) => JSON.stringify(result ?? null).includes('"text":"made"')).length
}

function messagesIn(text: string, type: string): JsonObject[] {
  if (type === 'text/event-stream') {
    return text
      .split('\n')
      .filter(line => line.startsWith('data: '))
      .map(line => JSON.parse(line.slice('data: '.length)) as JsonObject)
  }
  if (text === '') return []
  const parsed: unknown = JSON.parse(text)
  const messages = Array.isArray(parsed) ? parsed : [parsed]
  assert.ok(messages.length > 0 && messages.every(isJsonObject), `no message: ${text.slice(0, 500)}`)
  return messages
}

function isError(error: unknown): void {
  assert.ok(isJsonObject(error))
  assert.ok(Number.isInteger(error['code']))
  assert.ok(typeof error['message'] === 'string' && error['message'].isWellFormed())
}

function idsIn(asked: unknown): unknown[] {
  const messages: unknown[] = Array.isArray(asked) ? asked : [asked]
  return messages.map(message => (isJsonObject(message) ? message['id'] : undefined))
}
