import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { eventually } from '../../gate/connector.testsuite.ts'
import type { JsonObject } from '../../kernel/index.ts'
import type { Script } from './fixtures/scripted-transport.ts'
import { talk, type Talk } from './fixtures/talk.ts'

const capabilities = { resources: { subscribe: true } }

describe('resources are watched at a legacy server', () => {
  test('each is subscribed to once, however many ask for it, and unsubscribed from when it is let go', async () => {
    const told: string[] = []
    const { call, link, transport } = await talk({
      capabilities,
      script: () => ({ result: { kept: 1 } }),
      events: { onResourceUpdated: uri => told.push(uri) },
    })

    const replies = await Promise.all([watch(call, 'file:///a'), watch(call, 'file:///a'), watch(call, 'file:///b')])
    transport.say(updated('file:///a'))
    link.unwatch?.('file:///a')
    link.unwatch?.('file:///a')
    link.unwatch?.('file:///never')

    await eventually('it is unsubscribed from', async () => heard(transport, 'resources/unsubscribe').length > 0)
    for (const reply of replies) assert.deepEqual(reply, { is: 'result', result: { kept: 1 } })
    assert.deepEqual(heard(transport, 'resources/subscribe'), [{ uri: 'file:///a' }, { uri: 'file:///b' }])
    assert.deepEqual(heard(transport, 'resources/unsubscribe'), [{ uri: 'file:///a' }])
    assert.deepEqual(told, ['file:///a'])
  })

  test('what the server refused is asked again the next time', async () => {
    const error = { code: -32602, message: 'no such resource' }
    const { call, transport } = await talk({ capabilities, script: () => ({ error }) })

    assert.deepEqual(await watch(call, 'file:///a'), { is: 'error', error })
    await watch(call, 'file:///a')

    assert.equal(heard(transport, 'resources/subscribe').length, 2)
  })

  test('one who gives up does not take the subscription from others', async () => {
    const { call, transport, lastId } = await talk({ capabilities })
    const cancelling = new AbortController()
    const first = watch(call, 'file:///a', cancelling.signal)
    const second = watch(call, 'file:///a')

    cancelling.abort()

    assert.equal((await first).is, 'broken')
    transport.say({ jsonrpc: '2.0', id: lastId(), result: {} })
    assert.equal((await second).is, 'result')
  })

  test('a server that does not tell of changes is not asked to', async () => {
    const { call, transport } = await talk({ capabilities: { resources: {} } })
    const reply = await watch(call, 'file:///a')
    assert.equal(reply.is === 'error' && reply.error.code, -32601)
    assert.deepEqual(heard(transport, 'resources/subscribe'), [])
  })
})

describe('a modern server tells its news on one stream', () => {
  test('it is opened for the lists that may change, and anew for each resource that is watched', async () => {
    const { call, link, transport } = await talk({
      era: 'modern',
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
      script: acknowledging,
    })

    const replies = await Promise.all([watch(call, 'file:///a'), watch(call, 'file:///b')])
    link.unwatch?.('file:///a')

    await eventually('the last filter is asked for', async () => filters(transport).length === 3)
    for (const reply of replies) assert.deepEqual(reply, { is: 'result', result: {} })
    assert.deepEqual(filters(transport), [
      { toolsListChanged: true },
      { toolsListChanged: true, resourceSubscriptions: ['file:///a', 'file:///b'] },
      { toolsListChanged: true, resourceSubscriptions: ['file:///b'] },
    ])
    await eventually('those before are let go', async () => heard(transport, 'notifications/cancelled').length === 2)
    await link.close()
  })

  test('none is open while there is nothing to hear', async () => {
    const { call, link, transport } = await talk({ era: 'modern', capabilities, script: acknowledging })
    assert.deepEqual(filters(transport), [])

    await watch(call, 'file:///a')
    link.unwatch?.('file:///a')

    await eventually('it is let go', async () => heard(transport, 'notifications/cancelled').length === 1)
    await link.close()
  })

  test('a resource the server does not honour is refused', async () => {
    const { call, link } = await talk({
      era: 'modern',
      capabilities,
      script: ({ id, method }, transport) => {
        if (method === 'subscriptions/listen') transport.say(acknowledged(id, {}))
        return null
      },
    })
    const reply = await watch(call, 'file:///a')
    assert.equal(reply.is === 'error' && reply.error.code, -32602)
    await link.close()
  })

  test('after a stream the server ended, everything that is listened for counts as changed', async () => {
    const told: string[] = []
    const { call, link, transport } = await talk({
      era: 'modern',
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
      script: acknowledging,
      events: { onListChanged: list => told.push(list), onResourceUpdated: uri => told.push(uri) },
    })
    await watch(call, 'file:///a')
    const open = transport.heard.findLast(({ method }) => method === 'subscriptions/listen')?.id
    assert.deepEqual(told, [])

    transport.say({ jsonrpc: '2.0', id: open, result: { resultType: 'complete' } })

    await eventually('it is opened again', async () => told.length > 0)
    assert.deepEqual(told, ['tools', 'file:///a'])
    await link.close()
  })
})

/** Honours whatever it is asked for. */
const acknowledging: Script = ({ id, method, params }, transport) => {
  if (method === 'subscriptions/listen') transport.say(acknowledged(id, params?.notifications as JsonObject))
  return null
}

function acknowledged(id: unknown, notifications: JsonObject) {
  const _meta = { 'io.modelcontextprotocol/subscriptionId': id }
  return { jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: { _meta, notifications } }
}

function updated(uri: string) {
  return { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } }
}

function watch(call: Talk['call'], uri: string, signal = AbortSignal.timeout(10_000)) {
  return call(uri, { signal }, { primitive: 'resource', method: 'resources/subscribe', args: { uri } })
}

function heard(transport: Talk['transport'], method: string) {
  return transport.heard.filter(each => each.method === method).map(({ params }) => params)
}

function filters(transport: Talk['transport']) {
  return heard(transport, 'subscriptions/listen').map(params => params?.notifications)
}
