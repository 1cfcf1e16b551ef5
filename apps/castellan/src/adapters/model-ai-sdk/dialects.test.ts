import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fault, isFault, type JsonObject } from '../../kernel/index.ts'
import type { Message, ModelRequest } from '../../runs/index.ts'
import type { Said } from '../../runs/model.testsuite.ts'
import { type Handler, httpServer, json } from '../http-client/fixtures/http-server.ts'
import { aiSdkModel, type AiSdkOptions } from './ai-sdk-model.ts'
import type { Dialect } from './dialect.ts'
import { fakeProvider, wordings } from './fixtures/fake-provider.ts'

const soon = () => AbortSignal.timeout(10_000)

describe('what goes over the wire', () => {
  test('is one request to the place of the dialect, with the key where it belongs and the headers that were set', async () => {
    const keys = { authorization: 'Bearer key-1', 'x-api-key': 'key-1' }
    for (const [dialect, path, header] of [
      ['openai-chat', '/v1/chat/completions', 'authorization'],
      ['compatible', '/v1/chat/completions', 'authorization'],
      ['openai-responses', '/v1/responses', 'authorization'],
      ['anthropic', '/v1/messages', 'x-api-key'],
    ] as const) {
      await using asked = await ask(dialect, { said: { text: 'Four.' } })
      const [received, ...more] = asked.provider.received
      assert.deepEqual([received?.method, received?.url, more], ['POST', path, []])
      assert.equal(received?.headers[header], keys[header])
      assert.equal(received?.headers['x-team'], 'blue')
      assert.equal(asked.body['model'], 'org/test:model')
    }
  })

  test('has no key where none is set', async () => {
    await using asked = await ask('compatible', { said: {}, options: { apiKey: null } })
    assert.equal(asked.provider.received[0]?.headers.authorization, undefined)
  })

  test('asks for usage in streams, and that OpenAI keeps nothing', async () => {
    await using streamed = await ask('compatible', { said: { text: 'Four.' }, inPieces: true })
    assert.deepEqual(streamed.body['stream_options'], { include_usage: true })
    await using responses = await ask('openai-responses', { said: { text: 'Four.' } })
    assert.equal(responses.body['store'], false)
  })

  test('shows which tools there are also to who may not ask for them', async () => {
    for (const dialect of Object.keys(wordings) as Dialect[]) {
      await using asked = await ask(dialect, { said: {}, request: { tools: TOOLS, toolChoice: 'none' } })
      const { tools, tool_choice: choice } = asked.body
      assert.equal((tools as unknown[]).length, 1, dialect)
      assert.deepEqual(choice, dialect === 'anthropic' ? { type: 'none' } : 'none', dialect)
    }
  })

  test('offers tools with their schemas as they are, strict for nobody', async () => {
    await using chat = await ask('compatible', { said: {}, request: { tools: TOOLS } })
    const { name, description, schema } = TOOLS[0]!
    assert.deepEqual(chat.body['tools'], [
      { type: 'function', function: { name, description, parameters: schema, strict: false } },
    ])
    await using responses = await ask('openai-responses', { said: {}, request: { tools: TOOLS } })
    assert.deepEqual(responses.body['tools'], [
      { type: 'function', name, description, parameters: schema, strict: false },
    ])
  })

  test('has limits and the schema of the answer', async () => {
    const output = { type: 'object', properties: { city: { type: 'string' } } }
    const request = { output, temperature: 0.5, maxTokens: 99 }
    await using asked = await ask('compatible', { said: { text: '{}' }, request })
    const { temperature, max_tokens, response_format } = asked.body
    assert.deepEqual([temperature, max_tokens], [0.5, 99])
    assert.deepEqual(response_format, {
      type: 'json_schema',
      json_schema: { schema: output, strict: false, name: 'answer' },
    })
  })

  test('has every result beside its call, and nothing a provider refuses to read', async () => {
    await using chat = await ask('compatible', { said: {}, request: { messages: HISTORY, tools: TOOLS } })
    assert.deepEqual(chat.body['messages'], [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Read a and b.' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'read', arguments: '{"path":"/a"}' } },
          { id: 'b', type: 'function', function: { name: 'read_it_', arguments: '{"not_an_object":"{\\"path"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: 'contents of a' },
      { role: 'tool', tool_call_id: 'b', content: 'not understood' },
      { role: 'user', content: 'Answer now.' },
    ])
    await using anthropic = await ask('anthropic', { said: {}, request: { messages: HISTORY, tools: TOOLS } })
    assert.deepEqual(anthropic.body['system'], [{ type: 'text', text: 'Be brief.' }])
    assert.deepEqual(anthropic.body['messages'], [
      { role: 'user', content: [{ type: 'text', text: 'Read a and b.' }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'a', name: 'read', input: { path: '/a' } },
          { type: 'tool_use', id: 'b', name: 'read_it_', input: { not_an_object: '{"path' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: 'contents of a' },
          { type: 'tool_result', tool_use_id: 'b', content: 'not understood', is_error: true },
          { type: 'text', text: 'Answer now.' },
        ],
      },
    ])
  })
})

describe('what servers of open models do', () => {
  const finished = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }

  test('a call without id or arguments is a call', async () => {
    const call = { function: { name: 'read', arguments: '' }, type: 'function' }
    const message = { role: 'assistant', content: null, tool_calls: [{ ...call, id: '' }, { ...call }] }
    const { calls, finish } = await heard(answering({ choices: [{ index: 0, message, finish_reason: 'stop' }] }))
    assert.deepEqual(
      calls.map(({ tool, args }) => ({ tool, args })),
      [
        { tool: 'read', args: {} },
        { tool: 'read', args: {} },
      ],
    )
    assert.equal(new Set(calls.map(({ id }) => id)).size, 2)
    assert.equal(finish, 'calls')
  })

  test('an answer that says neither how it ended nor what it used is an answer', async () => {
    const message = { role: 'assistant', content: 'Four.' }
    const reply = await heard(answering({ choices: [{ index: 0, message, finish_reason: null }] }))
    assert.deepEqual([reply.text, reply.finish, reply.usage.guessed], ['Four.', 'stop', true])
  })

  test('what is counted as nothing was not counted', async () => {
    const message = { role: 'assistant', content: 'Four.' }
    const usage = { prompt_tokens: 12, completion_tokens: 0 }
    const reply = await heard(answering({ choices: [{ index: 0, message, finish_reason: 'stop' }], usage }))
    assert.deepEqual([reply.usage.input, reply.usage.guessed], [12, true])
    assert.ok(reply.usage.output > 0)
  })

  test('thoughts under another name are told as thoughts', async () => {
    const chunks = [{ choices: [{ index: 0, delta: { reasoning: 'Hm.' } }] }, finished]
    const deltas: unknown[] = []
    const { text } = await heard(streaming(chunks), delta => deltas.push(delta))
    assert.deepEqual([text, deltas], ['', [{ is: 'reasoning', text: 'Hm.' }]])
  })

  test('an error in the midst of a stream is one, of its kind', async () => {
    const begun = { choices: [{ index: 0, delta: { content: 'Fo' } }] }
    for (const [error, code, why] of [
      [{ message: 'secret-prompt', type: 'overloaded_error' }, 'MODEL_UNAVAILABLE', /overloaded_error/],
      [{ message: 'secret-prompt', type: 'secret_prompt', code: 400 }, 'MODEL_UNAVAILABLE', /./],
      [{ message: 'secret-prompt', code: 'context_length_exceeded' }, 'MODEL_REFUSED', /context_length_exceeded/],
    ] as const) {
      const step = heard(streaming([begun, { error }]), () => {})
      await assert.rejects(step, (met: unknown) => {
        assert.ok(isFault(met, code), String(met))
        assert.match(met.message, why)
        return !/secret.prompt/.test(met.message)
      })
    }
  })

  test('a wait that is told in milliseconds is told on', async () => {
    const handler: Handler = (_, response) =>
      void response
        .writeHead(429, { 'retry-after-ms': '1200.5', 'retry-after': '2' })
        .end('{"error":{"message":"slow"}}')
    await assert.rejects(heard(handler), (met: unknown) => {
      assert.ok(isFault(met, 'MODEL_UNAVAILABLE'))
      return met.details['retry_after_ms'] === 1_201
    })
  })
})

describe('a provider of models', () => {
  test('is not asked where keys of machines are handed out, whatever was configured', async () => {
    const model = aiSdkModel({ ...OPTIONS, dialect: 'compatible', baseUrl: 'http://169.254.169.254/v1' })
    await assert.rejects(model.step(request(), soon()), {
      code: 'MODEL_REFUSED',
      message: /where clouds hand out the keys/,
    })
    await model.close()
  })

  test('is not asked at a port of another protocol, and says so', async () => {
    const model = aiSdkModel({ ...OPTIONS, dialect: 'compatible', baseUrl: 'http://127.0.0.1:25/v1' })
    await assert.rejects(model.step(request(), soon()), { code: 'MODEL_REFUSED', message: /may not go to its port/ })
    await model.close()
  })

  test('whose key cannot be read is not asked, and says what is missing', async () => {
    await using provider = await disposable(fakeProvider(wordings.compatible, { said: {} }))
    for (const apiKey of [
      () => Promise.reject(fault('SECRET_UNREADABLE', { name: 'OPENAI', why: 'it is not set' })),
      () => Promise.resolve('key with a\nbreak-in-it'),
    ]) {
      const model = aiSdkModel({ ...OPTIONS, dialect: 'compatible', baseUrl: provider.url, apiKey })
      await assert.rejects(model.step(request(), soon()), (met: unknown) => {
        assert.ok(isFault(met, 'MODEL_UNAVAILABLE'))
        assert.match(met.message, /secret "(OPENAI|key)" cannot be read/)
        return !met.message.includes('break-in-it')
      })
      await model.close()
    }
    assert.deepEqual(provider.received, [])
  })

  test('that is closed answers nobody any more', async () => {
    await using provider = await disposable(fakeProvider(wordings.compatible, { trouble: { is: 'silent' } }))
    const model = aiSdkModel({ ...OPTIONS, dialect: 'compatible', baseUrl: provider.url })
    const step = assert.rejects(model.step(request(), soon()), { code: 'MODEL_UNAVAILABLE' })
    await provider.isAsked
    await model.close()
    await step
    await assert.rejects(model.step(request(), soon()), { code: 'MODEL_UNAVAILABLE', message: /link was closed/ })
    assert.deepEqual(await provider.connections(), [])
  })

  test('that is silent for too long is given up', async () => {
    await using provider = await disposable(fakeProvider(wordings.compatible, { trouble: { is: 'silent' } }))
    const model = aiSdkModel({ ...OPTIONS, dialect: 'compatible', baseUrl: provider.url, silence: 1_000 })
    await assert.rejects(model.step(request(), soon()), {
      code: 'MODEL_UNAVAILABLE',
      message: /no answer within 1s/,
    })
    await model.close()
  })
})

const OPTIONS: Omit<AiSdkOptions, 'dialect' | 'baseUrl'> = {
  name: 'fake',
  apiKey: () => Promise.resolve('key-1'),
  headers: () => Promise.resolve({ 'X-Team': 'blue' }),
  allowPrivate: false,
  silence: 10_000,
}

function request(changes: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: 'fake/org/test:model',
    messages: [{ role: 'user', text: 'Two and two?' }],
    tools: [],
    toolChoice: 'auto',
    output: null,
    temperature: null,
    maxTokens: null,
    ...changes,
  }
}

interface Asking {
  readonly said: Said
  readonly request?: Partial<ModelRequest>
  readonly inPieces?: boolean
  readonly options?: Partial<AiSdkOptions>
}

/** What a fake provider was sent for one step. */
async function ask(dialect: Dialect, { said, request: changes, inPieces, options }: Asking) {
  const provider = await disposable(fakeProvider(wordings[dialect], { said }))
  const model = aiSdkModel({ ...OPTIONS, dialect, baseUrl: `${provider.url}/v1`, ...options })
  await model.step(request(changes), soon(), inPieces ? () => {} : undefined)
  await model.close()
  const body: JsonObject = provider.bodies()[0]!
  return { provider, body, [Symbol.asyncDispose]: () => provider.stop() }
}

/** The reply of a compatible server that answers like this. */
async function heard(handler: Handler, onDelta?: (delta: unknown) => void) {
  await using server = await disposable(httpServer(handler))
  const model = aiSdkModel({ ...OPTIONS, dialect: 'compatible', baseUrl: server.url })
  try {
    return await model.step(request({ tools: TOOLS }), soon(), onDelta)
  } finally {
    await model.close()
  }
}

function answering(body: JsonObject): Handler {
  return (_, response) => json(response, body)
}

function streaming(chunks: readonly JsonObject[]): Handler {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    response.end('data: [DONE]\n\n')
  }
}

async function disposable<T extends { stop(): Promise<void> }>(made: Promise<T>): Promise<T & AsyncDisposable> {
  const it = await made
  return Object.assign(it, { [Symbol.asyncDispose]: () => it.stop() })
}

const TOOLS: ModelRequest['tools'] = [
  { name: 'read', description: 'Reads.', schema: { type: 'object', properties: { path: { type: 'string' } } } },
]

const HISTORY: readonly Message[] = [
  { role: 'system', text: 'Be brief.' },
  { role: 'user', text: 'Read a and b.' },
  {
    role: 'assistant',
    text: '',
    calls: [
      { id: 'a', tool: 'read', args: { path: '/a' } },
      { id: 'b', tool: 'read.it!', args: '{"path' },
    ],
  },
  { role: 'tool', call: 'a', tool: 'read', text: 'contents of a', isError: false },
  { role: 'tool', call: 'b', tool: 'read.it!', text: 'not understood', isError: true },
  { role: 'assistant', text: '', calls: [] },
  { role: 'system', text: 'Answer now.' },
]
