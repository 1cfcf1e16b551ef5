import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { type ControlPlane, controlPlane, stdioServer } from '../support/control-plane.ts'

let castellan: ControlPlane
let folder: string

before(async () => {
  castellan = await controlPlane()
  folder = await mkdtemp(join(tmpdir(), 'castellan-files-'))
  await writeFile(join(folder, 'hello.txt'), 'hello from a file')
  for (const server of [stdioServer('everything'), stdioServer('filesystem', folder), stdioServer('memory')]) {
    await castellan.ask('POST', '/api/mcp-servers', server)
  }
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** What the tests need of a client, whatever SDK it comes from. */
interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>
  callTool(
    params: { name: string; arguments?: Record<string, unknown> },
    options?: { signal?: AbortSignal; onprogress?: (progress: { progress: number }) => void },
  ): Promise<{ content: { type: string; text?: string }[]; isError?: boolean; structuredContent?: unknown }>
  listResources(): Promise<{ resources: { uri: string }[] }>
  readResource(params: { uri: string }): Promise<{ contents: unknown[] }>
  listPrompts(): Promise<{ prompts: { name: string }[] }>
  getPrompt(params: { name: string }): Promise<{ messages: unknown[] }>
  close(): Promise<void>
}

const headers = () => ({ headers: { authorization: `Bearer ${castellan.key}` } })
const url = (path: string) => new URL(`${castellan.url}${path}`)

const clients: Record<string, (path?: string) => Promise<AnyClient>> = {
  'SDK v1': async (path = '/mcp') => {
    const client = new ClientV1({ name: 'v1', version: '1' })
    await client.connect(new TransportV1(url(path), { requestInit: headers() }))
    return {
      ...bound(client),
      callTool: (params, options) => client.callTool(params, undefined, options) as ReturnType<AnyClient['callTool']>,
    }
  },
  'SDK v2, 2025-11-25': async (path = '/mcp') => connectV2(path, 'legacy'),
  'SDK v2, 2026-07-28': async (path = '/mcp') => connectV2(path, { pin: '2026-07-28' }),
  'SDK v2, whatever it finds': async (path = '/mcp') => connectV2(path, 'auto'),
}

async function connectV2(path: string, mode: 'legacy' | 'auto' | { pin: string }): Promise<AnyClient> {
  const client = new Client({ name: 'v2', version: '1' }, { versionNegotiation: { mode } })
  await client.connect(new StreamableHTTPClientTransport(url(path), { requestInit: headers() }))
  return {
    ...bound(client),
    callTool: (params, options) => client.callTool(params, options),
  }
}

function bound(client: Pick<Client, 'listTools'> | ClientV1): AnyClient {
  const any = client as unknown as AnyClient
  return {
    listTools: () => any.listTools(),
    callTool: () => Promise.reject(new Error('set by the caller')),
    listResources: () => any.listResources(),
    readResource: params => any.readResource(params),
    listPrompts: () => any.listPrompts(),
    getPrompt: params => any.getPrompt(params),
    close: () => any.close(),
  }
}

for (const [name, connect] of Object.entries(clients)) {
  describe(`a client on ${name}`, () => {
    test('lists the tools of every server under names that say whose they are', async () => {
      const client = await connect()
      const names = (await client.listTools()).tools.map(tool => tool.name)
      await client.close()
      for (const expected of ['everything__echo', 'filesystem__read_text_file', 'memory__read_graph']) {
        assert.ok(names.includes(expected), `${expected} is missing in ${names.join(', ')}`)
      }
      assert.deepEqual(names, names.toSorted())
    })

    test('calls tools of all of them, and structured results come through', async () => {
      const client = await connect()
      const echo = await client.callTool({ name: 'everything__echo', arguments: { message: name } })
      const file = await client.callTool({
        name: 'filesystem__read_text_file',
        arguments: { path: join(folder, 'hello.txt') },
      })
      const graph = await client.callTool({ name: 'memory__read_graph', arguments: {} })
      await client.close()
      assert.equal(echo.content[0]?.text, `Echo: ${name}`)
      assert.equal(file.content[0]?.text, 'hello from a file')
      assert.deepEqual(graph.structuredContent, { entities: [], relations: [] })
    })

    test('reads a resource and gets a prompt', async () => {
      const client = await connect()
      const { resources } = await client.listResources()
      const { contents } = await client.readResource({ uri: resources[0]!.uri })
      const { prompts } = await client.listPrompts()
      const { messages } = await client.getPrompt({ name: 'everything__simple-prompt' })
      await client.close()
      assert.ok(contents.length > 0 && messages.length > 0)
      assert.ok(prompts.some(prompt => prompt.name === 'everything__simple-prompt'))
    })

    test('hears of progress, the last one included', async () => {
      const client = await connect()
      const heard: number[] = []
      await client.callTool(
        { name: 'everything__trigger-long-running-operation', arguments: { duration: 0.4, steps: 4 } },
        { onprogress: ({ progress }) => heard.push(progress) },
      )
      await client.close()
      assert.deepEqual(heard, [1, 2, 3, 4])
    })

    test('cancels a call, and the journal says how it ended', async () => {
      const client = await connect()
      const before = (await cancelledCalls()).length
      const cancelling = new AbortController()
      const calling = client.callTool(
        { name: 'everything__trigger-long-running-operation', arguments: { duration: 60, steps: 60 } },
        { signal: cancelling.signal, onprogress: () => cancelling.abort() },
      )
      await assert.rejects(calling)
      await eventually(async () => ((await cancelledCalls()).length > before ? true : undefined))
      // Closed only now: a 2025 client that goes away without a word has not cancelled anything.
      await client.close()
    })

    test('is told what is wrong with its arguments, and sees an unknown tool as unknown', async () => {
      const client = await connect()
      const refused = await client.callTool({ name: 'everything__echo', arguments: { message: 1 } })
      await assert.rejects(client.callTool({ name: 'everything__missing', arguments: {} }), /Unknown tool/)
      await client.close()
      assert.equal(refused.isError, true)
      assert.match(refused.content[0]?.text ?? '', /\/message: must be string/)
    })

    test('sees one server under its original names on the endpoint of that server', async () => {
      const client = await connect('/mcp/servers/memory')
      const names = (await client.listTools()).tools.map(tool => tool.name)
      const graph = await client.callTool({ name: 'read_graph', arguments: {} })
      await client.close()
      assert.ok(names.includes('read_graph') && !names.some(each => each.includes('__')))
      assert.equal(graph.isError, undefined)
    })
  })
}

describe('curl', () => {
  test('lists and calls as a 2026 client, without any session', async () => {
    const list = await curl('tools/list', {})
    const call = await curl(
      'tools/call',
      { name: 'everything__echo', arguments: { message: 'plain' } },
      'everything__echo',
    )
    assert.ok((list.result as { tools: unknown[] }).tools.length > 20)
    assert.deepEqual((call.result as { content: unknown[] }).content, [{ type: 'text', text: 'Echo: plain' }])
  })
})

async function curl(method: string, params: Record<string, unknown>, name?: string): Promise<{ result: unknown }> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'curl', version: '8' },
  }
  const send = [
    ['authorization', `Bearer ${castellan.key}`],
    ['content-type', 'application/json'],
    ['accept', 'application/json, text/event-stream'],
    ['mcp-protocol-version', '2026-07-28'],
    ['mcp-method', method],
    ...(name === undefined ? [] : [['mcp-name', name]]),
  ].flatMap(([key, value]) => ['-H', `${key}: ${value}`])
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } })
  const { stdout } = await promisify(execFile)('curl', [
    '-sS',
    '--max-time',
    '10',
    ...send,
    '-d',
    body,
    `${castellan.url}/mcp`,
  ])
  return JSON.parse(
    stdout.startsWith('{') ? stdout : stdout.slice(stdout.indexOf('{'), stdout.lastIndexOf('}') + 1),
  ) as { result: unknown }
}

async function cancelledCalls(): Promise<unknown[]> {
  const { items } = await castellan.ask<{ items: unknown[] }>('GET', '/api/calls?limit=500&outcome=cancelled')
  return items
}

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const seen = await look()
    if (seen !== undefined) return seen
    await new Promise(resolve => setImmediate(resolve))
  }
  assert.fail('it never came true')
}
