import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aboutRequest, messageText, requestText } from './wire.ts'

test('a request of 2026 says in itself and in its headers what it is, one of 2025 only its revision', () => {
  const params = { name: 'echo', arguments: { text: 'x' } }
  const modern = JSON.parse(requestText('2026-07-28', 7, 'tools/call', params))
  assert.equal(modern.params._meta['io.modelcontextprotocol/protocolVersion'], '2026-07-28')
  assert.deepEqual(aboutRequest('2026-07-28', 'tools/call', params), {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'echo',
  })
  const legacy = JSON.parse(requestText('2025-11-25', 7, 'tools/call', params))
  assert.deepEqual(legacy, { jsonrpc: '2.0', id: 7, method: 'tools/call', params })
  assert.deepEqual(aboutRequest('2025-11-25', 'tools/call', params), { 'mcp-protocol-version': '2025-11-25' })
  assert.deepEqual(aboutRequest('2025-11-25', 'initialize', {}), {})
})

test('a message is found in JSON and at the end of an event stream', () => {
  assert.equal(messageText('{"id":1}'), '{"id":1}')
  const stream = 'event: message\ndata: {"method":"notifications/progress"}\n\nid: 2\ndata: {"id":1}\n\n'
  assert.equal(messageText(stream), '{"id":1}')
  assert.equal(messageText('id: 1\ndata: \n\n'), undefined)
})
