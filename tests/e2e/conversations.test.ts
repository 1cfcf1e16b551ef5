import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { type ControlPlane, controlPlane, until } from '../support/control-plane.ts'
import { revisions } from '../support/mcp-client.ts'
import { envelope, speaker } from '../support/raw-mcp.ts'

const program = fileURLToPath(new URL('./fixtures/curious-server.ts', import.meta.url))
const upstreams = ['stdio legacy', 'stdio modern', 'http legacy', 'http modern'] as const
const children: ChildProcess[] = []
let castellan: ControlPlane

before(async () => {
  castellan = await controlPlane()
  for (const upstream of upstreams) {
    const [how, era] = upstream.split(' ') as ['stdio' | 'http', string]
    const connection =
      how === 'stdio'
        ? { transport: 'stdio', command: process.execPath, args: [program, how, era] }
        : { transport: 'streamable-http', url: await listening(era) }
    await castellan.ask('POST', '/api/mcp-servers', { name: `${how}-${era}`, ...connection })
  }
  const own = { name: 'own', transport: 'stdio', command: process.execPath, args: [program, 'stdio', 'legacy'] }
  await castellan.ask('POST', '/api/mcp-servers', { ...own, per_client: true })
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  for (const child of children) {
    const gone = once(child, 'exit')
    child.kill()
    await gone
  }
})

/** What a client answers when it is asked. */
const answers = {
  'elicitation/create': { action: 'accept' as const, content: { name: 'Ann' } },
  'sampling/createMessage': { model: 'm', role: 'assistant' as const, content: { type: 'text' as const, text: 'Hm.' } },
  'roots/list': { roots: [{ uri: 'file:///home/ann', name: 'home' }] },
}

interface Asked {
  readonly client: Client & AsyncDisposable
  /** Everything it was asked, in order. */
  readonly asked: { method: string; params: Record<string, unknown> }[]
  readonly heard: string[]
  readonly updated: string[]
}

async function connect(revision: (typeof revisions)[number], able = true): Promise<Asked> {
  const mode = revision === '2025-11-25' ? ('legacy' as const) : { pin: revision }
  const capabilities = able ? { elicitation: { form: {} }, sampling: {}, roots: {} } : {}
  const client = new Client({ name: 'asked', version: '1' }, { capabilities, versionNegotiation: { mode } })
  const asked: Asked['asked'] = []
  if (able) {
    for (const method of ['elicitation/create', 'sampling/createMessage', 'roots/list'] as const) {
      client.setRequestHandler(method, ((request: { params?: Record<string, unknown> }) => {
        asked.push({ method, params: request.params ?? {} })
        return answers[method]
      }) as never)
    }
  }
  const heard: string[] = []
  const updated: string[] = []
  client.setNotificationHandler('notifications/message', ({ params }) => void heard.push(String(params.data)))
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => void updated.push(params.uri))
  const headers = { authorization: `Bearer ${castellan.key}` }
  await client.connect(new StreamableHTTPClientTransport(new URL(`${castellan.url}/mcp`), { requestInit: { headers } }))
  return { client: Object.assign(client, { [Symbol.asyncDispose]: () => client.close() }), asked, heard, updated }
}

const nameOf = (upstream: string, tool: string) => `${upstream.replace(' ', '-')}__${tool}`

for (const revision of revisions) {
  describe(`a client of ${revision} that has a connection of its own to a legacy server over one pipe`, () => {
    test('is asked for its roots', async () => {
      const { client, asked } = await connect(revision)
      await using _ = client
      const result = await client.callTool({ name: 'own__roots', arguments: {} })
      assert.deepEqual(JSON.parse(textOf(result)), answers['roots/list'])
      assert.deepEqual(
        asked.map(({ method }) => method),
        ['roots/list'],
      )
    })
  })
}

test('clients that call at once are each asked what is theirs to answer', async () => {
  const clients = await Promise.all(Array.from({ length: 4 }, () => connect('2025-11-25')))
  await Promise.all(
    clients.map(async ({ client, asked }, number) => {
      await using _ = client
      for (const thing of ['first', 'second', 'third']) {
        const result = await client.callTool({ name: 'own__ask', arguments: { thing: `${number} ${thing}` } })
        assert.match(textOf(result), /"Ann"/)
      }
      assert.deepEqual(
        asked.map(({ params }) => params.message),
        ['first', 'second', 'third'].map(thing => `Who asks for ${number} ${thing}?`),
      )
    }),
  )
})

for (const revision of revisions) {
  for (const upstream of upstreams) {
    describe(`a client of ${revision} with a server of ${upstream}`, () => {
      test('is asked for what the server wants to know, and the call goes on with the answer', async () => {
        const { client, asked } = await connect(revision)
        await using _ = client
        const result = await client.callTool({ name: nameOf(upstream, 'ask'), arguments: { thing: 'it' } })
        const said = JSON.parse(textOf(result)) as { given: unknown; state: unknown }
        assert.deepEqual(said.given, answers['elicitation/create'])
        assert.deepEqual(
          asked.map(({ method, params }) => [method, params.message]),
          [['elicitation/create', 'Who asks for it?']],
        )
      })

      test('is asked again when the server wants to know more', async () => {
        const { client, asked } = await connect(revision)
        await using _ = client
        await client.callTool({ name: nameOf(upstream, 'ask-twice'), arguments: {} })
        assert.deepEqual(
          asked.map(({ params }) => params.message),
          ['First?', 'Second?'],
        )
      })

      test('is asked to sample', async () => {
        const { client } = await connect(revision)
        await using _ = client
        const result = await client.callTool({ name: nameOf(upstream, 'sample'), arguments: {} })
        assert.match(textOf(result), /"Hm\."/)
      })

      test('gets an error, and no question, when it cannot be asked', async () => {
        const { client } = await connect(revision, false)
        await using _ = client
        const failed = await client.callTool({ name: nameOf(upstream, 'ask'), arguments: {} }).then(
          result => result.isError === true,
          () => true,
        )
        assert.ok(failed)
      })

      test('gets every kind of content and every field as the server gave it', async () => {
        const { call } = await speaker(castellan, revision === '2025-11-25' ? '2025' : '2026')
        const { message } = await call(nameOf(upstream, 'shape'))
        const result = message?.result as unknown as Record<string, unknown>
        assert.deepEqual(result['structuredContent'], { any: { thing: [null, 1.5, 'ü'] } })
        assert.deepEqual(
          (result['content'] as { type: string }[]).map(({ type }) => type),
          ['text', 'image', 'audio', 'resource_link', 'resource'],
        )
        assert.deepEqual((result['content'] as Record<string, unknown>[])[0], {
          type: 'text',
          text: 'shaped',
          annotations: { audience: ['user'], priority: 0.5 },
        })
        assert.deepEqual(result['x-unknown'], { kept: [1, 2] })
        assert.deepEqual((result['_meta'] as Record<string, unknown>)['vendor/kept'], { yes: true })
      })

      test('is told when a resource it watches changes', async () => {
        const { client, updated } = await connect(revision)
        await using _ = client
        const { resources } = await client.listResources()
        const name = upstream.replace(' ', '-')
        const { uri } = resources.find(each => each.uri.startsWith(`castellan://${name}/`))!
        if (revision === '2025-11-25') await client.subscribeResource({ uri })
        else await client.listen({ resourceSubscriptions: [uri] })
        await client.callTool({ name: nameOf(upstream, 'touch'), arguments: {} })
        await until(
          'the news',
          () => updated,
          seen => seen.includes(uri),
        )
      })
    })
  }
}

describe('log messages of a server', () => {
  for (const upstream of upstreams) {
    test(`reach the client that made the call, down to the level it asked for (${upstream})`, async () => {
      const { client, heard } = await connect('2025-11-25')
      await using _ = client
      await client.setLoggingLevel('info')
      await client.callTool({ name: nameOf(upstream, 'talk'), arguments: {} })
      await until(
        'what it heard',
        () => heard,
        seen => seen.length >= 2,
      )
      assert.deepEqual(heard, ['heard at info', 'heard at error'])
    })
  }

  test('reach nobody who did not ask for them', async () => {
    const { client, heard } = await connect('2026-07-28')
    await using _ = client
    await client.callTool({ name: nameOf('http modern', 'talk'), arguments: {} })
    assert.deepEqual(heard, [])
  })
})

describe('a call that waits for its client', () => {
  const ask = async (from: Awaited<ReturnType<typeof speaker>>, more: Record<string, unknown> = {}) => {
    const name = nameOf('http legacy', 'ask')
    const meta = { ...envelope, 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }
    const { message } = await from.request('tools/call', { name, arguments: { thing: 'it' }, _meta: meta, ...more })
    return message as unknown as { result?: Record<string, never>; error?: { code: number } }
  }

  test('goes on once, with its own state, and only for the very same request', async () => {
    const own = await speaker(castellan, '2026')
    const first = (await ask(own)).result!
    assert.equal(first['resultType'], 'input_required')
    const { requestState, inputRequests } = first as unknown as {
      requestState: string
      inputRequests: Record<string, never>
    }
    const [question] = Object.keys(inputRequests)
    const inputResponses = { [question!]: answers['elicitation/create'] }
    assert.equal((await ask(own, { inputResponses, requestState: `${requestState}x` })).error?.code, -32602)
    assert.equal((await ask(own, { inputResponses, requestState, arguments: { thing: 'that' } })).error?.code, -32602)
    assert.equal((await ask(own, { inputResponses, requestState })).result?.['resultType'], 'complete')
    assert.equal((await ask(own, { inputResponses, requestState })).error?.code, -32602)
  })

  test("is nobody else's to go on with", async () => {
    const key = await castellan
      .ask<{ plaintext: string }>('POST', '/api/principals', { kind: 'agent', name: 'bob', roles: ['admin'] })
      .then(bob =>
        castellan.ask<{ plaintext: string }>('POST', '/api/keys', {
          principal: (bob as unknown as { id: string }).id,
          name: 'bob',
          scopes: ['mcp'],
        }),
      )
    const first = (await ask(await speaker(castellan, '2026'))).result as unknown as { requestState: string }
    const bob = await speaker({ url: castellan.url, key: key.plaintext }, '2026')
    assert.equal((await ask(bob, { inputResponses: {}, requestState: first.requestState })).error?.code, -32602)
  })

  test('asks again as long as its client does not answer', async () => {
    const own = await speaker(castellan, '2026')
    const first = (await ask(own)).result as unknown as { requestState: string }
    const again = (await ask(own, { inputResponses: { other: {} }, requestState: first.requestState })).result
    assert.equal(again?.['resultType'], 'input_required')
  })
})

function textOf(result: { content: unknown }): string {
  return (result.content as { text: string }[])[0]!.text
}

async function listening(era: string): Promise<string> {
  const child = spawn(process.execPath, [program, 'http', era], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^\{"port":(\d+)\}$/.exec(line)?.[1]
    if (port !== undefined) return `http://127.0.0.1:${port}/mcp`
  }
  throw new Error('the fixture ended before it listened')
}
