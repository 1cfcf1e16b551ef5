import fc from 'fast-check'
import type { Era } from '../../support/raw-mcp.ts'
import { envelope } from '../../support/raw-mcp.ts'

const call = (args: object, meta: object = {}) => ({
  method: 'tools/call',
  params: { name: 'mirror__mirror', arguments: args, _meta: { progressToken: 'p', ...meta } },
})

/** What an honest client says. */
const sayings: readonly { readonly method: string; readonly params?: object }[] = [
  call({}),
  call({ text: 'Grüße, 你好', nested: { list: [1, 2.5, null, true] } }),
  call({}, { 'castellan/dryRun': false, 'castellan/correlationId': 'c' }),
  { method: 'tools/call', params: { name: 'mirror__shout', arguments: { text: 'loud', times: 2 } } },
  { method: 'tools/list', params: {} },
  { method: 'tools/list', params: { cursor: 'AAAA' } },
  { method: 'resources/list' },
  { method: 'resources/templates/list', params: {} },
  { method: 'prompts/list', params: {} },
  { method: 'resources/read', params: { uri: 'mirror://none' } },
  { method: 'resources/subscribe', params: { uri: 'mirror://none' } },
  { method: 'prompts/get', params: { name: 'mirror__none', arguments: { a: 'b' } } },
  {
    method: 'completion/complete',
    params: {
      ref: { type: 'ref/prompt', name: 'none' },
      argument: { name: 'a', value: 'b' },
      context: { arguments: {} },
    },
  },
  { method: 'logging/setLevel', params: { level: 'info' } },
  { method: 'ping' },
  { method: 'server/discover', params: {} },
  {
    method: 'subscriptions/listen',
    params: { notifications: { toolsListChanged: true, resourceSubscriptions: ['a:b'] } },
  },
  { method: 'tasks/get', params: { taskId: 'none' } },
  {
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: { elicitation: {} },
      clientInfo: { name: 'x', version: '1' },
    },
  },
]

const notifications: readonly object[] = [
  { jsonrpc: '2.0', method: 'notifications/initialized' },
  { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, reason: 'x' } },
  { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } },
  { jsonrpc: '2.0', method: 'tools/call', params: { name: 'mirror__mirror', arguments: {} } },
  { jsonrpc: '2.0', id: 1, result: {} },
  { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'x' } },
]

/** Messages that an honest client of an era may send. */
export function messages(era: Era): fc.Arbitrary<unknown> {
  const id = fc.oneof(fc.constantFrom<string | number>(1, 0, -1, 'a', '', '1', Number.MAX_SAFE_INTEGER), fc.string())
  const request = fc.tuple(fc.constantFrom(...sayings), id).map(([{ method, params = {} }, id]) => {
    const meta = (params as { _meta?: object })._meta
    const given = era === '2025' ? params : { ...params, _meta: { ...meta, ...envelope } }
    return { jsonrpc: '2.0', id, method, params: given }
  })
  const one = fc.oneof({ weight: 5, arbitrary: request }, { weight: 1, arbitrary: fc.constantFrom(...notifications) })
  return fc.oneof({ weight: 6, arbitrary: one }, { weight: 1, arbitrary: fc.array(one, { maxLength: 5 }) })
}
