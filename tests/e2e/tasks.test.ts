import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { type ControlPlane, controlPlane } from '../support/control-plane.ts'
import { type RpcMessage, speaker } from '../support/raw-mcp.ts'

const TASKS = 'io.modelcontextprotocol/tasks'
const capabilities = { 'io.modelcontextprotocol/clientCapabilities': { extensions: { [TASKS]: {} } } }

/** What reached the server, by method. */
const asked: { method: string; params: Record<string, unknown>; nameHeader: unknown }[] = []

// A server of 2026 by hand: no SDK serves this extension.
const server = createServer((request, response) => {
  void json(request).then(body => {
    const { id, method, params } = body as { id: unknown; method: string; params: Record<string, unknown> }
    asked.push({ method, params, nameHeader: request.headers['mcp-name'] })
    const task = { taskId: 'task-1', status: 'working', createdAt: 'now', lastUpdatedAt: 'now', ttlMs: null }
    const answers: Record<string, object> = {
      'server/discover': {
        supportedVersions: ['2026-07-28'],
        capabilities: { tools: {}, extensions: { [TASKS]: {} } },
        ttlMs: 0,
        cacheScope: 'private',
      },
      'tools/list': { tools: [{ name: 'long', inputSchema: { type: 'object' } }], ttlMs: 0, cacheScope: 'private' },
      'tools/call': { ...task, resultType: 'task', pollIntervalMs: 10 },
      'tasks/get': { ...task, status: 'completed', result: { content: [{ type: 'text', text: 'done' }] } },
      'tasks/update': {},
      'tasks/cancel': {},
    }
    const result = { resultType: 'complete', ...answers[method] }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }))
  })
})
let castellan: ControlPlane

before(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  castellan = await controlPlane()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  await castellan.ask('POST', '/api/mcp-servers', { name: 'slow', transport: 'streamable-http', url })
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

describe('a call that becomes a task', () => {
  test('is announced where a server offers tasks', async () => {
    const { message } = await (await speaker(castellan, '2026')).request('server/discover', {})
    assert.deepEqual(resultOf(message)['capabilities'], {
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      completions: {},
      extensions: { [TASKS]: {} },
    })
  })

  test('can be asked about, given input and cancelled, under an id that is ours', async () => {
    const { about, taskId } = await begun()
    assert.notEqual(taskId, 'task-1')
    const got = resultOf(await about('tasks/get', taskId))
    assert.deepEqual([got['taskId'], got['status'], got['resultType']], [taskId, 'completed', 'complete'])
    const responses = { name: { action: 'accept', content: {} } }
    assert.equal(resultOf(await about('tasks/update', taskId, { inputResponses: responses }))['resultType'], 'complete')
    assert.equal(resultOf(await about('tasks/cancel', taskId))['resultType'], 'complete')
    const [get, update, cancel] = asked.slice(-3)
    assert.deepEqual(
      [get, update, cancel].map(each => [each?.method, each?.params['taskId'], each?.nameHeader]),
      [
        ['tasks/get', 'task-1', 'task-1'],
        ['tasks/update', 'task-1', 'task-1'],
        ['tasks/cancel', 'task-1', 'task-1'],
      ],
    )
    assert.deepEqual(update?.params['inputResponses'], responses)
  })

  test('is told of the abilities of the very client that calls', async () => {
    await begun()
    const call = asked.findLast(({ method }) => method === 'tools/call')
    const meta = call?.params['_meta'] as Record<string, unknown>
    assert.deepEqual(meta['io.modelcontextprotocol/clientCapabilities'], { extensions: { [TASKS]: {} } })
  })

  test('is unknown to everybody else, and what is no task is unknown to all', async () => {
    const { taskId, about } = await begun()
    const bob = await castellan.ask<{ id: string }>('POST', '/api/principals', {
      kind: 'agent',
      name: 'bob',
      roles: ['admin'],
    })
    const { plaintext: key } = await castellan.ask<{ plaintext: string }>('POST', '/api/keys', {
      principal: bob.id,
      name: 'bob',
      scopes: ['mcp'],
    })
    const before = asked.length
    const { about: bobs } = await talk(key)
    for (const message of [await bobs('tasks/get', taskId), await about('tasks/get', 'task-1')]) {
      assert.deepEqual([message?.error?.code, message?.error?.message], [-32602, 'Unknown task'])
    }
    assert.equal(asked.length, before)
  })
})

async function talk(key = castellan.key) {
  const spoken = await speaker({ url: castellan.url, key }, '2026')
  const about = async (method: string, taskId: unknown, more: object = {}) => {
    const params = { taskId, ...more, _meta: capabilities }
    return (await spoken.request(method, params, { headers: { 'mcp-name': String(taskId) } })).message
  }
  return { spoken, about }
}

async function begun() {
  const { spoken, about } = await talk()
  const { message } = await spoken.call('slow__long', {}, capabilities)
  const result = resultOf(message)
  assert.equal(result['resultType'], 'task')
  return { about, taskId: result['taskId'] as string }
}

function resultOf(message: RpcMessage | undefined): Readonly<Record<string, unknown>> {
  assert.ok(message?.result, JSON.stringify(message))
  return message.result
}
