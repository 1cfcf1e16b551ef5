import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isJsonObject, type JsonObject } from '../../kernel/index.ts'
import { talk } from './fixtures/talk.ts'
import { testClient } from './fixtures/test-client.ts'

const question = { message: 'Your name?', requestedSchema: { type: 'object', 'x-unknown': 1 } }
const accepts = () => ({ is: 'result', result: { action: 'accept', content: { name: 'Ann' }, kept: 1 } }) as const

describe('what a legacy server asks while a call is under way', () => {
  for (const [method, params] of [
    ['elicitation/create', question],
    ['sampling/createMessage', { messages: [], maxTokens: 1 }],
    ['roots/list', {}],
  ] as const) {
    test(`${method} goes to the client of the call as it came, and its answer back`, async () => {
      const client = testClient({ answer: accepts })
      const { call, transport, answers } = await talk({})
      void call('any', { client })

      transport.say({ jsonrpc: '2.0', id: 'q', method, params })

      await settled()
      assert.deepEqual(
        client.asked.map(({ method, params }) => [method, params]),
        [[method, params]],
      )
      assert.deepEqual(answers().q, { jsonrpc: '2.0', result: accepts().result })
    })
  }

  test('an error of the client is the answer as it came', async () => {
    const error = { code: -1, message: 'The user said no.', data: { why: [1] } }
    const client = testClient({ answer: () => ({ is: 'error', error }) })
    const { call, transport, answers } = await talk({})
    void call('any', { client })

    transport.say(ask(7))

    await settled()
    assert.deepEqual(answers()[7], { jsonrpc: '2.0', error })
  })

  test('what comes on the stream of a call belongs to that call, whoever else is there', async () => {
    const [ann, bob] = [testClient({ id: 'ann', answer: accepts }), testClient({ id: 'bob', answer: accepts })]
    const { call, transport, lastId, answers } = await talk({ requestStreams: true })
    void call('any', { client: ann })
    const ofAnn = lastId()
    void call('any', { client: bob })

    transport.say(ask('for ann'), ofAnn)
    transport.say(ask('for bob'), lastId())

    await settled()
    assert.equal(ann.asked.length, 1)
    assert.equal(bob.asked.length, 1)
    assert.deepEqual(Object.keys(answers()), ['for ann', 'for bob'])
  })

  test('on a channel of all, what may be of several clients is refused and reaches none of them', async () => {
    for (const other of [testClient({ id: 'bob' }), null]) {
      const ann = testClient({ id: 'ann', answer: accepts })
      const { call, transport, answers, log } = await talk({})
      void call('any', { client: ann })
      void call('any', { client: other })

      transport.say(ask('whose?'))

      await settled()
      assert.equal(ann.asked.length + (other?.asked.length ?? 0), 0)
      const { error } = answers()['whose?']!
      assert.ok(isJsonObject(error) && error.code === -32603 && /several clients/.test(String(error.message)))
      assert.ok(log.some(line => /cannot be known/.test(line)))
    }
  })

  test('several calls of one client are no riddle', async () => {
    const client = testClient({ answer: accepts })
    const { call, transport, answers } = await talk({})
    void call('any', { client })
    void call('any', { client: { ...client } })

    transport.say(ask('q'))

    await settled()
    assert.equal(client.asked.length, 1)
    assert.ok(answers().q?.result)
  })

  test('without a call, without a client, and without the ability it is refused with the reason', async () => {
    const { call, transport, answers } = await talk({})
    transport.say(ask('no call'))
    const ended = new AbortController()
    const nobody = call('any', { client: null, signal: ended.signal })
    transport.say(ask('nobody'))
    ended.abort()
    await nobody
    void call('any', { client: testClient({ capabilities: { sampling: {} } }) })
    transport.say(ask('unable'))
    transport.say({ jsonrpc: '2.0', id: 'unknown', method: 'client/secrets' })

    await settled()
    for (const [id, why] of [
      ['no call', /No call is under way/],
      ['nobody', /cannot be asked/],
      ['unable', /does not support elicitation/],
      ['unknown', /not asked client\/secrets/],
    ] as const) {
      const error = answers()[id]?.error
      assert.ok(isJsonObject(error) && error.code === -32601, JSON.stringify(error))
      assert.match(String(error.message), why)
    }
  })

  test('a cancelled call takes its questions with it, and the server is told', async () => {
    const client = testClient()
    const { call, transport, answers } = await talk({})
    const cancelling = new AbortController()
    const reply = call('any', { client, signal: cancelling.signal })
    transport.say(ask('q'))

    cancelling.abort()

    await reply
    assert.equal(client.asked[0]?.signal.aborted, true)
    assert.ok(answers().q?.error)
  })

  test('a question on the channel of all outlives one call of its client while another is under way', async () => {
    let reply: (value: { is: 'result'; result: JsonObject }) => void = () => {}
    const client = {
      ...testClient(),
      ask: () => new Promise<{ is: 'result'; result: JsonObject }>(resolve => (reply = resolve)),
    }
    const { call, transport, lastId, answers } = await talk({})
    void call('first', { client })
    const second = call('second', { client })
    transport.say(ask('q'))
    transport.say({ jsonrpc: '2.0', id: lastId(), result: {} })
    await second

    reply({ is: 'result', result: { action: 'decline' } })

    await settled()
    assert.deepEqual(answers().q?.result, { action: 'decline' })
  })

  test('a question the server takes back is withdrawn from the client and not answered', async () => {
    const client = testClient()
    const { call, transport, answers } = await talk({})
    void call('any', { client })
    transport.say(ask('q'))

    transport.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'q' } })

    await settled()
    assert.equal(client.asked[0]?.signal.aborted, true)
    assert.deepEqual(answers(), {})
  })

  test('32 questions may be open within a call; the next is refused, and so is an id that is open', async () => {
    const client = testClient()
    const { call, transport, answers } = await talk({})
    void call('any', { client })

    for (let id = 1; id <= 5_000; id++) transport.say(ask(id))
    transport.say(ask(1))

    await settled()
    assert.equal(client.asked.length, 32)
    assert.match(JSON.stringify(answers()[33]), /More than 32 questions/)
    assert.match(JSON.stringify(answers()[1]), /still open/)
  })

  test('the end of an elicitation by URL is told to the client that was asked, and to no other', async () => {
    const [ann, bob] = [testClient({ id: 'ann', answer: accepts }), testClient({ id: 'bob' })]
    const required = { code: -32042, message: 'visit', data: { elicitations: [{ mode: 'url', elicitationId: 'e-2' }] } }
    const { call, transport, lastId } = await talk({
      requestStreams: true,
      script: ({ params }) => (params?.name === 'refused' ? { error: required } : null),
    })
    void call('any', { client: ann })
    transport.say(
      { ...ask('q'), params: { mode: 'url', elicitationId: 'e-1', url: 'https://a', message: '' } },
      lastId(),
    )
    await call('refused', { client: bob })

    for (const elicitationId of ['e-1', 'e-2', 'e-3', 'e-1']) {
      transport.say({ jsonrpc: '2.0', method: 'notifications/elicitation/complete', params: { elicitationId } })
    }

    assert.deepEqual(ann.told, [['notifications/elicitation/complete', { elicitationId: 'e-1' }]])
    assert.deepEqual(bob.told, [['notifications/elicitation/complete', { elicitationId: 'e-2' }]])
  })

  test('what the control plane can pass on is announced in the greeting', async () => {
    const announces = { elicitation: { form: {} }, sampling: {} }
    const { transport } = await talk({ announces })
    assert.deepEqual(transport.heard[0]?.params?.capabilities, announces)
  })
})

describe('what a modern server is told and asks', () => {
  test('each request carries what its caller can and wants to hear, and nothing of other callers', async () => {
    const { call, transport } = await talk({ era: 'modern', script: () => ({ result: { resultType: 'complete' } }) })
    const capabilities = { sampling: { tools: {} } }

    await call('any', { client: testClient({ capabilities, logLevel: 'warning' }) })
    await call('any', { client: null })

    const [first, second] = transport.heard.slice(-2).map(({ params }) => params?._meta as JsonObject)
    assert.deepEqual(first?.['io.modelcontextprotocol/clientCapabilities'], capabilities)
    assert.equal(first?.['io.modelcontextprotocol/logLevel'], 'warning')
    assert.deepEqual(second?.['io.modelcontextprotocol/clientCapabilities'], {})
    assert.equal(second?.['io.modelcontextprotocol/logLevel'], undefined)
  })

  test('given input travels beside the arguments, with the state only when there was one', async () => {
    const { call, transport } = await talk({ era: 'modern', script: () => ({ result: { resultType: 'complete' } }) })
    const responses = { name: { action: 'accept' } }

    await call('any', {}, { input: { responses, state: '{"a": 1}' } })
    await call('any', {}, { input: { responses, state: null } })

    const [first, second] = transport.heard.slice(-2).map(({ params }) => params)
    assert.deepEqual([first?.inputResponses, first?.requestState], [responses, '{"a": 1}'])
    assert.deepEqual(
      Object.keys(second ?? {}).filter(key => key === 'requestState'),
      [],
    )
  })

  test('a request, which its revision does not have, is refused and reaches nobody', async () => {
    const client = testClient({ answer: accepts })
    const { call, transport, answers } = await talk({ era: 'modern' })
    void call('any', { client })

    transport.say(ask('q'))

    await settled()
    assert.equal(client.asked.length, 0)
    assert.ok(answers().q?.error)
  })

  test('results of types nobody knows pass as results', async () => {
    const result = { resultType: 'task', taskId: 't', ttl: 5 }
    const { call } = await talk({ era: 'modern', script: () => ({ result }) })
    assert.deepEqual(await call('any'), { is: 'result', result })
  })
})

function ask(id: string | number): JsonObject {
  return { jsonrpc: '2.0', id, method: 'elicitation/create', params: question }
}

function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
