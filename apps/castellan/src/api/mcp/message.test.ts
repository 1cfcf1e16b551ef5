import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MAX_BATCH, messageProblem, paramsProblem } from './message.ts'

const request = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'x' } }

describe('a message', () => {
  test('is taken when it is a request, a notification, an answer or a batch of them', () => {
    const good = [
      request,
      { ...request, id: '' },
      { ...request, id: -1 },
      { jsonrpc: '2.0', id: 1, method: 'vendor/anything' },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 1, result: {} },
      { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'no' } },
      { ...request, params: { name: 'x', arguments: {}, _meta: { progressToken: 'p' }, 'vendor/new': 1 } },
      { ...request, method: 'prompts/get', params: { name: 'x', arguments: { a: 'b' } } },
      { ...request, method: 'tools/list', params: undefined },
      Array.from({ length: MAX_BATCH }, () => request),
    ]
    for (const message of good) assert.equal(messageProblem(message), null, JSON.stringify(message))
  })

  test('that is none is refused under its id, if that can be said', () => {
    const refused = (message: unknown) => {
      const problem = messageProblem(message)
      return problem && [problem.code, problem.id]
    }
    assert.deepEqual(refused({ ...request, jsonrpc: '1.0' }), [-32600, 1])
    assert.deepEqual(refused({ ...request, params: [] }), [-32600, 1])
    assert.deepEqual(refused({ ...request, id: null }), [-32600, null])
    assert.deepEqual(refused({ ...request, id: 2 ** 60 }), [-32600, null])
    assert.deepEqual(refused([request, { ...request, jsonrpc: '1.0' }]), [-32600, null])
    assert.deepEqual(refused(undefined), [-32600, null])
  })

  test('with params that do not fit its method is told which', () => {
    const problem = paramsProblem('tools/call', { name: 5 })
    assert.deepEqual(
      [problem?.code, problem?.message],
      [-32602, 'Invalid params: "name" of tools/call must be a string'],
    )
    assert.match(paramsProblem('tools/call', {})?.message ?? '', /"name" of tools\/call/)
    assert.equal(paramsProblem('vendor/anything', { name: 5 }), null)
  })

  test('may call its method like something every object has', () => {
    for (const method of ['constructor', '__proto__', 'toString']) {
      assert.equal(messageProblem({ ...request, method }), null)
      assert.equal(paramsProblem(method, {}), null)
    }
  })

  test('with an argument that would be lost on the way is refused, in a batch, too', () => {
    const lost = { ...request, params: { name: 'x', arguments: JSON.parse('{"__proto__":1}') as object } }
    assert.match(messageProblem(lost)?.message ?? '', /"__proto__"/)
    assert.match(messageProblem([request, lost])?.message ?? '', /"__proto__"/)
  })
})
