import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type FaultCode, isFault, type JsonObject } from '../kernel/index.ts'
import type { Message, Model, ModelDelta, ModelReply, ModelRequest } from './model.ts'

/** What a model is to answer. */
export interface Said {
  readonly text?: string
  readonly reasoning?: string
  /** Arguments are the text as the model wrote it. */
  readonly calls?: readonly { readonly id: string; readonly tool: string; readonly args: string }[]
  readonly finish?: ModelReply['finish']
  /** null: the provider does not count. */
  readonly usage?: { readonly input: number; readonly output: number; readonly cached: number } | null
}

/** What is wrong with a provider. */
export type Trouble =
  | { readonly is: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Nobody listens; the connection ends in the midst of an answer; the answer is no JSON and no events; it never ends. */
  | { readonly is: 'nobody' | 'cut' | 'garbage' | 'endless' }
  /** It begins to answer and says no more. */
  | { readonly is: 'silent' }

export interface ModelFixture {
  readonly model: Model
  /** What to ask for. */
  readonly name: string
  /** How often the provider was asked. */
  readonly asked: () => number
  /** Resolves once it was asked. */
  readonly isAsked: () => Promise<unknown>
  /** Connections that are open, once those that are closing have had a moment. */
  readonly connections: () => Promise<readonly string[]>
  readonly stop: () => Promise<void>
}

/** Models to try. What is left out is not tested. */
export interface ModelWorld {
  /** A model that gives this answer to whatever it is asked. */
  readonly saying: (said: Said) => Promise<ModelFixture>
  /** Whether arguments may be other than JSON, and usage left out, when it answers at once or in pieces. */
  readonly odd: (inPieces: boolean) => boolean
  /** A model whose provider has this trouble, and repeats every request and key in what it says. */
  readonly troubled?: (trouble: Trouble) => Promise<ModelFixture>
  /** The key it shows. */
  readonly key?: string
}

/** What every model promises, when it answers at once and in pieces. */
export function modelSuite(name: string, world: ModelWorld): void {
  for (const inPieces of [false, true]) {
    describe(`${name} keeps the promises of a model, answering ${inPieces ? 'in pieces' : 'at once'}`, () => {
      answers(world, inPieces)
      if (world.troubled) troubles(world as TroubledWorld, inPieces)
    })
  }
}

type TroubledWorld = ModelWorld & Required<Pick<ModelWorld, 'troubled'>>

function answers(world: ModelWorld, inPieces: boolean): void {
  const reply = (said: Said, request: Partial<ModelRequest> = {}) => replyTo(world, said, request, inPieces)

  test('a text is the whole answer, and what was used is counted', async () => {
    const { text, calls, finish, usage, answeredBy } = (await reply({ text: 'Four.', usage: USAGE })).reply
    assert.deepEqual({ text, calls, finish }, { text: 'Four.', calls: [], finish: 'stop' })
    assert.deepEqual(usage, { ...USAGE, guessed: false })
    assert.notEqual(answeredBy, '')
  })

  test('the pieces of a text come to the text', async () => {
    const said = 'Ünïcödé: 漢字, 🧭, \u202eright to left, "quotes", \\ and\nlines'
    const { reply: answer, deltas } = await reply({ text: said })
    assert.equal(answer.text, said)
    if (inPieces) assert.equal(textOf(deltas), said)
    else assert.deepEqual(deltas, [])
  })

  test('a text may be very long', async () => {
    const said = 'word 詞 '.repeat(60_000)
    const { text } = (await reply({ text: said }, { messages: [{ role: 'user', text: said }] })).reply
    assert.ok(text === said, `${text.length} characters of ${said.length}`)
  })

  test('calls are those it asks for, in their order, and none of them was run', async () => {
    const said = {
      text: 'I look.',
      calls: [
        { id: 'a1', tool: 'files__read', args: '{"path":"/a","deep":{"list":[1,null,true,"ü"]}}' },
        { id: 'a2', tool: 'files__read', args: '{"path":"/b"}' },
      ],
      finish: 'calls' as const,
    }
    const { reply: answer, asked } = await reply(said, { tools: TOOLS })
    assert.equal(answer.text, 'I look.')
    assert.equal(answer.finish, 'calls')
    assert.deepEqual(
      answer.calls.map(({ tool, args }) => ({ tool, args })),
      [
        { tool: 'files__read', args: { path: '/a', deep: { list: [1, null, true, 'ü'] } } },
        { tool: 'files__read', args: { path: '/b' } },
      ],
    )
    assert.equal(asked, 1)
  })

  test('ids of calls are unique in their conversation, whatever the provider calls them', async () => {
    const calls = [
      { id: 'same', tool: 'files__read', args: '{}' },
      { id: 'functions.read:0', tool: 'files__read', args: '{}' },
    ]
    const { calls: answered } = (await reply({ calls, finish: 'calls' }, { tools: TOOLS, messages: HISTORY })).reply
    const ids = [...answered.map(({ id }) => id), 'same', 'other']
    assert.equal(new Set(ids).size, 4, ids.join(' '))
    for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{1,64}$/)
  })

  test('a tool that wants nothing may be called with nothing', async () => {
    const calls = [{ id: 'a1', tool: 'files__read', args: '{}' }]
    assert.deepEqual((await reply({ calls, finish: 'calls' }, { tools: TOOLS })).reply.calls[0]?.args, {})
  })

  test('an answer has calls or not, whatever the provider calls its end', async () => {
    const calls = [{ id: 'a1', tool: 'files__read', args: '{}' }]
    assert.equal((await reply({ calls, finish: 'stop' }, { tools: TOOLS })).reply.finish, 'calls')
    assert.equal((await reply({ text: 'Done.', finish: 'calls' }, { tools: TOOLS })).reply.finish, 'stop')
  })

  test('an answer that was cut, or kept back, says so', async () => {
    assert.equal((await reply({ text: 'On and', finish: 'length' })).reply.finish, 'length')
    assert.equal((await reply({ text: '', finish: 'filtered' })).reply.finish, 'filtered')
  })

  test('who may not ask for tools asks for none', async () => {
    const calls = [{ id: 'a1', tool: 'files__read', args: '{}' }]
    const said = { text: 'I would look.', calls, finish: 'calls' as const }
    const { reply: answer } = await reply(said, { tools: TOOLS, toolChoice: 'none' })
    assert.deepEqual([answer.text, answer.calls, answer.finish], ['I would look.', [], 'stop'])
  })

  test('an answer by a schema is its text', async () => {
    const { reply: answer } = await reply({ text: '{"city":"Ulm"}' }, { output: SCHEMA })
    assert.deepEqual(JSON.parse(answer.text), { city: 'Ulm' })
    assert.deepEqual([answer.calls, answer.finish], [[], 'stop'])
  })

  test('a conversation goes on from results, errors and what was odd in it', async () => {
    const { reply: answer } = await reply({ text: 'Both failed.' }, { tools: TOOLS, messages: HISTORY })
    assert.equal(answer.text, 'Both failed.')
  })

  test('an answer may be nothing but thoughts', async () => {
    const { reply: answer, deltas } = await reply({ text: '', reasoning: 'Hm. Well.' })
    assert.deepEqual([answer.text, answer.calls, answer.finish], ['', [], 'stop'])
    if (inPieces && deltas.length > 0) assert.equal(textOf(deltas, 'reasoning'), 'Hm. Well.')
  })

  if (world.odd(inPieces)) {
    test('arguments that are no JSON, or would lose something as such, stay the text they were', async () => {
      for (const args of ['{"path": "/a', 'path=/a', '{"id":12345678901234567890}', '{"a":1,"a":2}']) {
        const calls = [{ id: 'a1', tool: 'files__read', args }]
        assert.deepEqual((await reply({ calls, finish: 'calls' }, { tools: TOOLS })).reply.calls[0]?.args, args)
      }
    })

    test('what nobody counted is guessed, and says so', async () => {
      const { usage } = (await reply({ text: 'x'.repeat(4_000), usage: null })).reply
      assert.equal(usage.guessed, true)
      assert.ok(usage.input > 0)
      assert.ok(usage.output >= 500 && usage.output <= 4_000, String(usage.output))
      assert.equal(usage.cached, 0)
    })
  }

  test('who gave up before is not asked', async () => {
    const fixture = await world.saying({ text: 'Too late.' })
    try {
      const reason = new Error('given up')
      const step = fixture.model.step(requestTo(fixture), AbortSignal.abort(reason), inPieces ? () => {} : undefined)
      assert.equal(await failureOf(step), reason)
      assert.equal(fixture.asked(), 0)
    } finally {
      await fixture.stop()
    }
  })
}

function troubles(world: TroubledWorld, inPieces: boolean): void {
  /** How a step ends, and that it was asked for but once. */
  async function failed(trouble: Trouble, code: FaultCode) {
    const fixture = await world.troubled(trouble)
    try {
      const request = requestTo(fixture, { messages: [{ role: 'user', text: PROMPT }] })
      const error = await failureOf(fixture.model.step(request, soon(), inPieces ? () => {} : undefined))
      assert.ok(isFault(error, code), `${code} expected, not ${String(error)}`)
      assert.equal(fixture.asked(), trouble.is === 'nobody' ? 0 : 1)
      const shown = `${error.message} ${error.stack ?? ''} ${JSON.stringify(error.details)} ${String(error.cause ?? '')}`
      for (const hidden of [PROMPT, world.key ?? PROMPT]) assert.ok(!shown.includes(hidden), `it says ${hidden}`)
      assert.equal(error.details['model'], fixture.name)
      return error.details
    } finally {
      await fixture.stop()
    }
  }

  for (const status of [400, 401, 403, 404, 413, 422]) {
    test(`${status} is a refusal`, async () => {
      assert.equal((await failed({ is: 'status', status }, 'MODEL_REFUSED'))['status'], status)
    })
  }

  for (const status of [408, 409, 429, 500, 502, 503, 529]) {
    test(`${status} may pass`, async () => {
      const details = await failed({ is: 'status', status }, 'MODEL_UNAVAILABLE')
      assert.deepEqual([details['status'], details['retry_after_ms']], [status, undefined])
    })
  }

  test('how long to wait is told on', async () => {
    for (const status of [429, 503]) {
      const trouble = { is: 'status', status, headers: { 'retry-after': '7' } } as const
      assert.equal((await failed(trouble, 'MODEL_UNAVAILABLE'))['retry_after_ms'], 7_000)
    }
  })

  test('a redirect is not followed: the key is not for whoever is named there', async () => {
    const trouble = { is: 'status', status: 307, headers: { location: 'http://127.0.0.1:1/' } } as const
    await failed(trouble, 'MODEL_REFUSED')
  })

  for (const is of ['nobody', 'cut', 'garbage', 'endless'] as const) {
    test(`a provider with this trouble may be asked again later: ${is}`, async () => {
      await failed({ is }, 'MODEL_UNAVAILABLE')
    })
  }

  test('who gives up in the midst is free at once, and the connection is closed', async () => {
    const fixture = await world.troubled({ is: 'silent' })
    try {
      const giveUp = new AbortController()
      const reason = new Error('given up')
      const deltas: ModelDelta[] = []
      const onDelta = inPieces ? (delta: ModelDelta) => deltas.push(delta) : undefined
      const step = failureOf(fixture.model.step(requestTo(fixture), giveUp.signal, onDelta))
      await fixture.isAsked()
      giveUp.abort(reason)
      const heard = deltas.length
      assert.equal(await step, reason)
      assert.deepEqual(await fixture.connections(), [])
      assert.equal(deltas.length, heard)
    } finally {
      await fixture.stop()
    }
  })
}

async function replyTo(world: ModelWorld, said: Said, request: Partial<ModelRequest>, inPieces: boolean) {
  const fixture = await world.saying(said)
  try {
    const deltas: ModelDelta[] = []
    const onDelta = inPieces ? (delta: ModelDelta) => void deltas.push(delta) : undefined
    const reply = await fixture.model.step(requestTo(fixture, request), soon(), onDelta)
    return { reply, deltas, asked: fixture.asked() }
  } finally {
    await fixture.stop()
  }
}

function requestTo({ name }: ModelFixture, changes: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: name,
    messages: [
      { role: 'system', text: 'Be brief.' },
      { role: 'user', text: 'What is two and two?' },
    ],
    tools: [],
    toolChoice: 'auto',
    output: null,
    temperature: null,
    maxTokens: null,
    ...changes,
  }
}

/** What a promise was rejected with. */
async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    value => assert.fail(`it resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
}

function textOf(deltas: readonly ModelDelta[], is: ModelDelta['is'] = 'text'): string {
  return deltas
    .filter(delta => delta.is === is)
    .map(({ text }) => text)
    .join('')
}

/** Longest wait for a fact. */
const soon = () => AbortSignal.timeout(20_000)

const USAGE = { input: 31, output: 7, cached: 11 }
const PROMPT = 'the-prompt-nobody-else-may-read'

const SCHEMA: JsonObject = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}

const TOOLS: ModelRequest['tools'] = [
  {
    name: 'files__read',
    description: 'Reads a file.',
    schema: { type: 'object', properties: { path: { type: 'string' } }, additionalProperties: true },
  },
  { name: 'clock__now', description: '', schema: { type: 'object' } },
]

/** Several results, errors, a call that was not understood, a name that was made up, an answer of nothing, a late word of ours. */
const HISTORY: readonly Message[] = [
  { role: 'system', text: 'Be brief.' },
  { role: 'user', text: 'Read a and b.' },
  {
    role: 'assistant',
    text: '',
    calls: [
      { id: 'same', tool: 'files__read', args: { path: '/a' } },
      { id: 'other', tool: 'files.read!', args: '{"path": "/b' },
    ],
  },
  { role: 'tool', call: 'same', tool: 'files__read', text: 'no such file', isError: true },
  { role: 'tool', call: 'other', tool: 'files.read!', text: '', isError: false },
  { role: 'assistant', text: '', calls: [] },
  { role: 'system', text: 'Answer now.' },
  { role: 'user', text: 'Well?' },
]
