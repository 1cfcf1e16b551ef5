import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonObject } from '../../kernel/index.ts'
import { talk } from './fixtures/talk.ts'
import { testClient } from './fixtures/test-client.ts'

const logging = { tools: {}, logging: {} }

describe('what a server says while calls are under way', () => {
  test('log messages and notifications nobody knows go to the client of the call as they came', async () => {
    const client = testClient()
    const { call, transport, log } = await talk({})
    void call('any', { client })
    const params = { level: 'info', logger: 'db', data: { kept: [1] } }

    transport.say(say('notifications/message', params))
    transport.say(say('notifications/novel', { kept: 1 }))

    assert.deepEqual(client.told, [
      ['notifications/message', params],
      ['notifications/novel', { kept: 1 }],
    ])
    assert.deepEqual(log, ['info: db'])
  })

  test('on a channel of all, what may be of several clients reaches none of them and is only logged', async () => {
    const [ann, bob] = [testClient({ id: 'ann' }), testClient({ id: 'bob' })]
    const { call, transport, log } = await talk({})
    void call('any', { client: ann })
    void call('any', { client: bob })

    transport.say(say('notifications/message', { level: 'info', data: 'whose?' }))

    assert.deepEqual([...ann.told, ...bob.told], [])
    assert.deepEqual(log, ['info: server'])
  })

  test('on the stream of a call it belongs to that call', async () => {
    const [ann, bob] = [testClient({ id: 'ann' }), testClient({ id: 'bob' })]
    const { call, transport, lastId } = await talk({ requestStreams: true })
    void call('any', { client: ann })
    void call('any', { client: bob })

    transport.say(say('notifications/message', { data: 'for bob' }), lastId())

    assert.equal(ann.told.length, 0)
    assert.equal(bob.told.length, 1)
  })

  test('a client hears no log message below its level, and a stateless one none it did not ask for', async () => {
    for (const [logLevel, takesInputRequired, heard] of [
      [null, false, ['debug', 'warning', 'emergency', 'odd']],
      [null, true, []],
      ['warning', false, ['warning', 'emergency', 'odd']],
    ] as const) {
      const client = testClient({ logLevel, takesInputRequired })
      const { call, transport } = await talk({})
      void call('any', { client })
      for (const level of ['debug', 'warning', 'emergency', 'odd'])
        transport.say(say('notifications/message', { level, data: '' }))
      assert.deepEqual(
        client.told.map(([, { level }]) => level),
        heard,
      )
    }
  })

  test('a legacy server speaks as low as the least severe level any client asked for, and is told once for each change', async () => {
    const { call, transport } = await talk({ capabilities: logging, script: () => ({ result: {} }) })
    for (const logLevel of [null, 'error', 'warning', 'error', 'debug', 'info'])
      await call('any', { client: testClient({ logLevel }) })
    const levels = transport.heard
      .filter(({ method }) => method === 'logging/setLevel')
      .map(({ params }) => params?.level)
    assert.deepEqual(levels, ['error', 'warning', 'debug'])
  })

  test('a server that does not answer to a level does not hold a cancelled call', async () => {
    const { call } = await talk({ capabilities: logging })
    const cancelling = new AbortController()
    const reply = call('any', { client: testClient({ logLevel: 'debug' }), signal: cancelling.signal })

    cancelling.abort()

    assert.deepEqual(await reply, notSent)
  })

  test('a server without logs is not told of levels', async () => {
    const { call, transport } = await talk({ script: () => ({ result: {} }) })
    await call('any', { client: testClient({ logLevel: 'debug' }) })
    assert.ok(!transport.heard.some(({ method }) => method === 'logging/setLevel'))
  })

  test('a flood of progress is thinned out, and the last report still comes before the result', async () => {
    const seen: JsonObject[] = []
    const { call } = await talk({
      script: ({ params }, transport) => {
        const meta = params?._meta as JsonObject | undefined
        const progressToken = meta?.progressToken
        for (let progress = 1; progress <= 100_000; progress++)
          transport.say(say('notifications/progress', { progressToken: progressToken ?? null, progress }))
        return { result: {} }
      },
    })

    await call('any', { onProgress: params => seen.push(params) })

    assert.ok(seen.length < 50_000, `${seen.length} were handed on`)
    assert.deepEqual(seen.slice(0, 3), [{ progress: 1 }, { progress: 2 }, { progress: 3 }])
    assert.deepEqual(seen.at(-1), { progress: 100_000 })
    assert.ok(seen.every(({ progress }, at) => at === 0 || Number(progress) > Number(seen[at - 1]!.progress)))
  })

  test('a flood of notifications does not become a flood at the client, and is logged once', async () => {
    const client = testClient()
    const { call, transport, log } = await talk({})
    void call('any', { client })

    for (let at = 0; at < 100_000; at++) transport.say(say('notifications/novel', { at }))

    assert.ok(client.told.length < 50_000, `${client.told.length} were handed on`)
    assert.equal(log.filter(line => /floods/.test(line)).length, 1)
  })
})

const notSent = {
  is: 'broken',
  sent: false,
  retryable: false,
  retryAfter: null,
  why: 'it was cancelled before it was sent',
}

function say(method: string, params: JsonObject): JsonObject {
  return { jsonrpc: '2.0', method, params }
}
