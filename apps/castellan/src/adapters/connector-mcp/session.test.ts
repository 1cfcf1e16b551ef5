import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { allowedCall } from '../../gate/connector.testsuite.ts'
import type { CallIo, CallMethod, Link, LinkEvents, Reply } from '../../gate/index.ts'
import { digestJson, isFault, type JsonObject } from '../../kernel/index.ts'
import { defaultTimeouts, type Primitive } from '../../registry/index.ts'
import { type Script, type Scripted, scripted } from './fixtures/scripted-transport.ts'
import { stdioTarget } from './fixtures/stdio-target.ts'
import type { EraMemory } from './greeting.ts'
import { httpFailure, SendFailure } from './send-failure.ts'
import { openSession } from './session.ts'

const target = stdioTarget('scripted', [], { values: { TOKEN: 'open sesame' } })

describe('discovery', () => {
  test('asks only for what is announced, reads all pages, and keeps the shortest time to live', async () => {
    const pages: Record<string, JsonObject> = {
      first: { tools: [tool('a')], nextCursor: 'second', ttlMs: 9_000 },
      second: { tools: [tool('b')], nextCursor: 'third', ttlMs: 4_000 },
      third: { tools: [tool('c')] },
    }
    const { link, transport } = await open(({ method, params }) =>
      method === 'tools/list' ? { result: pages[typeof params?.cursor === 'string' ? params.cursor : 'first'] } : null,
    )
    const discovery = await link.discover(soon())
    assert.deepEqual(names(discovery.capabilities), ['a', 'b', 'c'])
    assert.equal(discovery.ttl, 4_000)
    assert.equal(discovery.protocolVersion, '2025-11-25')
    assert.deepEqual(discovery.serverInfo, { name: 'scripted', version: '1', unknown: 1 })
    assert.deepEqual(
      transport.heard.map(({ method }) => method),
      ['initialize', 'notifications/initialized', 'tools/list', 'tools/list', 'tools/list'],
    )
  })

  test('a bad definition is left out with a warning and never fails the rest', async () => {
    const tools = [
      tool('good'),
      { inputSchema: {} },
      'not an object',
      tool('good'),
      { ...tool('lossy'), limit: 2 ** 60 },
      { ...tool('surrogate'), description: '\ud800' },
      tool('also good'),
    ]
    const { link } = await open(({ method }) => (method === 'tools/list' ? { result: { tools } } : null))
    const { capabilities, warnings } = await link.discover(soon())
    assert.deepEqual(names(capabilities), ['good', 'also good'])
    assert.equal(warnings.length, 5)
    assert.ok(
      warnings.some(warning => warning.includes('"lossy"')) &&
        warnings.some(warning => warning.includes('offers it twice')),
    )
  })

  test('lists without end are cut off with a warning', async () => {
    let page = 0
    const { link } = await open(({ method }) =>
      method === 'tools/list' ? { result: { tools: [tool(`t${page}`)], nextCursor: `page ${++page}` } } : null,
    )
    const { capabilities, warnings } = await link.discover(soon())
    assert.equal(capabilities.length, 100)
    assert.match(warnings.join(), /more than 100 pages/)
  })

  test('a server that repeats its pages is read once', async () => {
    let asked = 0
    const { link } = await open(({ method }) =>
      method === 'tools/list' ? { result: { tools: [tool(`t${asked++}`)], nextCursor: 'same' } } : null,
    )
    const { capabilities, warnings } = await link.discover(soon())
    assert.equal(capabilities.length, 2)
    assert.match(warnings.join(), /repeats its pages/)
  })

  test('a list that is announced but not known is empty; one that fails, fails the discovery', async () => {
    const announced = { tools: {}, resources: {} }
    const unknown = await open(
      ({ method }) =>
        method === 'tools/list' ? { result: { tools: [tool('a')] } } : { error: { code: -32601, message: 'no' } },
      announced,
      greets,
    )
    const { capabilities, warnings } = await unknown.link.discover(soon())
    assert.equal(capabilities.length, 1)
    assert.equal(warnings.length, 2)

    const failing = await open(
      () => ({ error: { code: -32000, message: 'database of open sesame is down' } }),
      announced,
      greets,
    )
    await assert.rejects(failing.link.discover(soon()), error => {
      assert.ok(isFault(error, 'UPSTREAM_PROTOCOL'), String(error))
      assert.match(error.message, /tools\/list failed with -32000: database of \*\*\* is down/)
      return true
    })

    const nonsense = await open(({ method }) => (method === 'tools/list' ? { result: { tools: 'many' } } : null))
    await assert.rejects(nonsense.link.discover(soon()), error => isFault(error, 'UPSTREAM_PROTOCOL'))
  })

  test('a list that never comes is a timeout', async () => {
    const { link } = await open(() => null, { tools: {} }, undefined, { ...defaultTimeouts, read: 50 })
    await assert.rejects(link.discover(soon()), error => isFault(error, 'UPSTREAM_TIMEOUT'))
  })
})

describe('calls', () => {
  test('each primitive is asked for in its own way, with the context in _meta', async () => {
    const { link, transport } = await open(({ method }) =>
      method === 'initialize' ? null : { result: { seen: true } },
    )
    await call(link, 'tool', 'add', { a: 1 }, { meta: { traceparent: '00-1' }, upstreamKey: 'once' })
    await call(link, 'resource', 'file:///a', { uri: 'file:///other' })
    await call(link, 'template', 'file:///{x}', { uri: 'file:///b' })
    await call(link, 'prompt', 'greet', { who: 'Ann' })
    await call(
      link,
      'prompt',
      'greet',
      { argument: { name: 'who', value: 'A' }, ref: 'forged' },
      { method: 'completion/complete' },
    )
    await call(
      link,
      'template',
      'file:///{x}',
      { argument: { name: 'x', value: 'b' } },
      { method: 'completion/complete' },
    )
    assert.deepEqual(
      transport.heard.slice(2).map(({ method, params }) => [method, params]),
      [
        [
          'tools/call',
          { name: 'add', arguments: { a: 1 }, _meta: { traceparent: '00-1', 'castellan/idempotencyKey': 'once' } },
        ],
        ['resources/read', { uri: 'file:///a' }],
        ['resources/read', { uri: 'file:///b' }],
        ['prompts/get', { name: 'greet', arguments: { who: 'Ann' } }],
        ['completion/complete', { argument: { name: 'who', value: 'A' }, ref: { type: 'ref/prompt', name: 'greet' } }],
        [
          'completion/complete',
          { argument: { name: 'x', value: 'b' }, ref: { type: 'ref/resource', uri: 'file:///{x}' } },
        ],
      ],
    )
  })

  test('a template without a URI is refused and not sent', async () => {
    const { link, transport } = await open(() => null)
    const reply = await call(link, 'template', 'file:///{x}', {})
    assert.equal(reply.is === 'error' && reply.error.code, -32602)
    assert.equal(transport.heard.length, 2)
  })

  test('results and errors pass unchanged, whatever they hold', async () => {
    const result = {
      content: 'not even a list',
      structuredContent: [null],
      resultType: 'novel',
      _meta: { a: { b: 1 } },
    }
    const error = { code: 4711, message: 'odd', data: { nested: [1] } }
    const { link } = await open(({ params }) =>
      params?.name === 'result' ? { result } : params?.name === 'error' ? { error } : null,
    )
    assert.deepEqual(await call(link, 'tool', 'result'), { is: 'result', result })
    assert.deepEqual(await call(link, 'tool', 'error'), { is: 'error', error })
  })

  test('an answer that is neither result nor error breaks the call for good', async () => {
    const { link } = await open(({ params }) => (params?.name ? { result: 'text' } : null))
    const reply = await call(link, 'tool', 'x')
    assert.ok(reply.is === 'broken' && reply.sent && !reply.retryable)
  })

  test('progress that arrives right before the result is passed before it', async () => {
    const seen: unknown[] = []
    const { link } = await open(({ method, params }, transport) => {
      if (method !== 'tools/call') return null
      const meta = params?._meta as JsonObject
      transport.say({
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { ...meta, progress: 1, extra: { kept: 1 } },
      })
      return { result: {} }
    })
    await call(link, 'tool', 'x', {}, {}, { onProgress: params => seen.push(params) })
    assert.deepEqual(seen, [{ progress: 1, extra: { kept: 1 } }])
  })

  test('a cancelled call tells the server which, and a late answer is dropped', async () => {
    const { link, transport } = await open(() => null)
    const cancelling = new AbortController()
    const reply = call(link, 'tool', 'x', {}, {}, { signal: cancelling.signal })
    const { id } = transport.heard.at(-1)!
    cancelling.abort()
    assert.equal((await reply).is, 'broken')
    const told = transport.heard.at(-1)!
    assert.equal(told.method, 'notifications/cancelled')
    assert.equal(told.params?.requestId, id)
    transport.say({ jsonrpc: '2.0', id, result: {} })
  })

  test('a refusal by HTTP status is retried only where waiting helps, as long as the server asked', async () => {
    const cases: [number, boolean, number | null][] = [
      [408, true, null],
      [425, true, null],
      [429, true, 3_000],
      [503, true, 1_500],
      [403, false, null],
      [413, false, null],
    ]
    for (const [status, retryable, retryAfter] of cases) {
      const { link } = await open(failing(httpFailure(status, retryAfter)))
      const reply = await call(link, 'tool', 'x')
      assert.deepEqual(reply, {
        is: 'broken',
        sent: true,
        retryable,
        retryAfter,
        why: httpFailure(status, null).message,
      })
    }
  })

  test('an error of the protocol that comes with an HTTP status is an error; a foreign one is not', async () => {
    const { link } = await open(({ id }) => {
      const body = { jsonrpc: '2.0', id, error: { code: -32602, message: 'unknown tool' } }
      throw httpFailure(400, null, JSON.stringify(body))
    })
    assert.deepEqual(await call(link, 'tool', 'x'), { is: 'error', error: { code: -32602, message: 'unknown tool' } })
    for (const body of ['{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}', '[]', '<html>', '']) {
      const { link } = await open(failing(httpFailure(500, null, body)))
      assert.equal((await call(link, 'tool', 'x')).is, 'broken')
    }
  })

  test('a session the server no longer knows ends the link, and the call was not processed', async () => {
    const { link, transport } = await open(failing(httpFailure(404, null)), undefined, withSession)
    const reply = await call(link, 'tool', 'x')
    assert.ok(reply.is === 'broken' && !reply.sent && reply.retryable, JSON.stringify(reply))
    assert.equal(await link.closed, 'its session has expired')
    assert.ok(transport.isClosed)
  })

  test('without a session, 404 is only an answer', async () => {
    const { link, transport } = await open(failing(httpFailure(404, null)))
    const reply = await call(link, 'tool', 'x')
    assert.ok(reply.is === 'broken' && reply.sent && !reply.retryable)
    assert.ok(!transport.isClosed)
    await link.close()
  })

  test('what fails before the first byte was not sent; what fails in any other way was', async () => {
    const cases: [Error, boolean][] = [
      [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), false],
      [new TypeError('fetch failed', { cause: Object.assign(new Error('dns'), { code: 'ENOTFOUND' }) }), false],
      [Object.assign(new Error('reset'), { code: 'ECONNRESET' }), true],
      [new Error('anything'), true],
      [new SendFailure('the pipe is full of open sesame', { sent: false, retryable: true }), false],
    ]
    for (const [error, sent] of cases) {
      const { link } = await open(failing(error))
      const reply = await call(link, 'tool', 'x')
      assert.ok(reply.is === 'broken' && reply.retryable, JSON.stringify(reply))
      assert.equal(reply.sent, sent, error.message)
      assert.ok(!reply.why.includes('open sesame'))
    }
  })
})

describe('what a server says unasked', () => {
  test('changes and updates are told; a log message without what was said', async () => {
    const said: string[] = []
    const events: LinkEvents = {
      onListChanged: list => said.push(`changed ${list}`),
      onResourceUpdated: uri => said.push(`updated ${uri}`),
      onLog: line => said.push(line),
    }
    const { transport } = await open(() => null, undefined, undefined, undefined, events)
    for (const list of ['tools', 'resources', 'prompts'])
      transport.say({ jsonrpc: '2.0', method: `notifications/${list}/list_changed` })
    transport.say({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'file:///a' } })
    transport.say({
      jsonrpc: '2.0',
      method: 'notifications/message',
      params: { level: 'info', logger: 'db', data: 'payload' },
    })
    assert.deepEqual(said, ['changed tools', 'changed resources', 'changed prompts', 'updated file:///a', 'info: db'])
  })

  test('a request to its client is refused, and a ping is answered', async () => {
    const { transport } = await open(() => null)
    transport.say({
      jsonrpc: '2.0',
      id: 'q',
      method: 'elicitation/create',
      params: { message: 'password?', requestedSchema: {} },
    })
    transport.say({ jsonrpc: '2.0', id: 'p', method: 'ping' })
    await new Promise(resolve => setImmediate(resolve))
    const answers = transport.heard.filter(message => message.method === undefined) as unknown as JsonObject[]
    assert.deepEqual(
      answers.map(({ id, error, result }) => [id, (error as JsonObject | undefined)?.code ?? result]),
      [
        ['q', -32601],
        ['p', {}],
      ],
    )
  })

  test('what a modern server wants to know before it goes on is handed on as it came', async () => {
    const wish = { resultType: 'input_required', inputRequests: {}, requestState: 'opaque', more: [1] }
    const { link } = await open(({ params }) => (params?.name ? { result: wish } : null))
    assert.deepEqual(await call(link, 'tool', 'x'), { is: 'inputRequired', result: wish })
  })

  test('the end of the connection breaks every call under way and is told once, with its reason', async () => {
    const { link, transport } = await open(() => null)
    const replies = [call(link, 'tool', 'x'), call(link, 'tool', 'y')]
    transport.leave('it said open sesame and left')
    for (const reply of await Promise.all(replies)) {
      assert.ok(reply.is === 'broken' && reply.sent && reply.retryable)
      assert.equal(reply.why, 'it said *** and left')
    }
    assert.equal(await link.closed, 'it said *** and left')
  })
})

describe('greeting', () => {
  const refuses: Script = ({ method }) =>
    method === 'initialize' ? { error: { code: -32022, message: 'too old' } } : null
  const modern: Script = ({ method }) =>
    method === 'server/discover'
      ? {
          result: {
            supportedVersions: ['2026-07-28'],
            capabilities: { tools: {} },
            resultType: 'complete',
            ttlMs: 0,
            cacheScope: 'private',
            instructions: 'Be brief.',
            _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'new', version: '2' } },
          },
        }
      : method === 'tools/list'
        ? { result: { tools: [tool('a')], resultType: 'complete' } }
        : method === 'tools/call'
          ? { result: { resultType: 'complete' } }
          : refuses({ method }, undefined as never)

  test('a server that refuses to be initialized is asked in the new way, and that is remembered', async () => {
    const eras: EraMemory = new Map()
    const made: Scripted[] = []
    const factory = () => made[made.push(scripted(modern)) - 1]!
    const link = await openSession(factory, target, quiet, soon(), eras)
    assert.equal(made.length, 2)
    assert.ok(made[0]!.isClosed)
    assert.equal(eras.get(target.serverId), 'modern')

    const discovery = await link.discover(soon())
    assert.equal(discovery.protocolVersion, '2026-07-28')
    assert.equal(discovery.instructions, 'Be brief.')
    assert.deepEqual(discovery.serverInfo, { name: 'new', version: '2' })

    await call(
      link,
      'tool',
      'a',
      {},
      { meta: { 'io.modelcontextprotocol/clientInfo': { name: 'forged', version: '0' }, kept: 1 } },
    )
    const meta = made[1]!.heard.at(-1)!.params?._meta as JsonObject
    assert.equal(meta['io.modelcontextprotocol/protocolVersion'], '2026-07-28')
    assert.deepEqual(meta['io.modelcontextprotocol/clientInfo'], { name: 'castellan', version: '0.1.0' })
    assert.equal(meta.kept, 1)

    await openSession(factory, target, quiet, soon(), eras)
    assert.equal(made.length, 3, 'the second time nothing is tried in vain')
  })

  test('a server that went back to an older revision is greeted anew', async () => {
    const eras: EraMemory = new Map([[target.serverId, 'modern']])
    const old: Script = ({ method }) =>
      method === 'server/discover' ? { error: { code: -32601, message: 'what?' } } : null
    const link = await openSession(() => scripted(old), target, quiet, soon(), eras)
    assert.equal(eras.get(target.serverId), 'legacy')
    await link.close()
  })

  test('a server that refuses both ways, or answers nonsense, broke its protocol', async () => {
    const scripts: Script[] = [
      () => ({ error: { code: -32000, message: 'go away, open sesame' } }),
      () => ({ result: { hello: 'world' } }),
      ({ method }) =>
        method === 'initialize'
          ? { result: { protocolVersion: '1999-01-01', capabilities: {}, serverInfo: { name: 'x', version: '1' } } }
          : { error: { code: -32601, message: 'no' } },
    ]
    for (const script of scripts) {
      const made: Scripted[] = []
      const opening = openSession(() => made[made.push(scripted(script)) - 1]!, target, quiet, soon())
      await assert.rejects(opening, error => {
        assert.ok(isFault(error, 'UPSTREAM_PROTOCOL'), String(error))
        assert.ok(!error.message.includes('open sesame'))
        return true
      })
      assert.ok(made.every(({ isClosed }) => isClosed))
    }
  })

  test('a probe is content with any answer and fails without one', async () => {
    const { link } = await open(({ method }) =>
      method === 'ping' ? { error: { code: -32601, message: 'no ping here' } } : null,
    )
    await link.probe(soon())
    const dead = await open(() => null)
    await assert.rejects(dead.link.probe(AbortSignal.timeout(50)), error => isFault(error, 'UPSTREAM_UNREACHABLE'))
  })
})

const quiet: LinkEvents = { onListChanged: () => {} }
const greets: Script = ({ method }) =>
  method === 'initialize'
    ? {
        result: {
          protocolVersion: '2025-11-25',
          capabilities: { tools: {}, resources: {} },
          serverInfo: { name: 's', version: '1' },
        },
      }
    : null
const withSession: Script = (message, transport) => {
  transport.hasSession = true
  return message.method === 'initialize' ? greets(message, transport) : null
}

async function open(
  script: Script,
  capabilities?: JsonObject,
  first: Script = () => null,
  timeouts = defaultTimeouts,
  events: LinkEvents = quiet,
): Promise<{ link: Link; transport: Scripted }> {
  const either: Script = (message, transport) => {
    const answer = first(message, transport)
    return answer ?? (message.method === 'initialize' ? null : script(message, transport))
  }
  const transport = scripted(either, capabilities)
  const link = await openSession(() => transport, { ...target, timeouts }, events, soon())
  return { link, transport }
}

/** A server that can be greeted and then fails every send in this way. */
function failing(error: Error): Script {
  return () => {
    throw error
  }
}

function call(
  link: Link,
  primitive: Primitive,
  name: string,
  args: JsonObject = {},
  rest: { meta?: JsonObject; upstreamKey?: string; method?: CallMethod } = {},
  io: Partial<CallIo> = {},
): Promise<Reply> {
  const definition = { name }
  const capability = {
    server: target.serverId,
    primitive,
    name,
    definition,
    digest: digestJson(definition),
    impliedEffect: null,
  }
  return link.call(allowedCall(target, capability, args, rest), {
    signal: soon(),
    onProgress: null,
    client: null,
    ...io,
  })
}

function tool(name: string): JsonObject {
  return { name, inputSchema: { type: 'object' } }
}

function names(capabilities: readonly { readonly name: string }[]): string[] {
  return capabilities.map(({ name }) => name)
}

function soon(): AbortSignal {
  return AbortSignal.timeout(10_000)
}
