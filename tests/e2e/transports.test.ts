import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { toolServer } from '../../apps/castellan/src/adapters/connector-adapter/fixtures/tool-server.ts'
import { spawned } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/spawned.ts'
import { type ControlPlane, controlPlane, serverProgram, until } from '../support/control-plane.ts'
import { callTool, connect, type McpClient, revisions, toolNames } from '../support/mcp-client.ts'
import { lendingService } from './fixtures/lending-service.ts'
import { recordingProxy } from './fixtures/recording-proxy.ts'

let castellan: ControlPlane
before(async () => void (castellan = await controlPlane()))
after(() => castellan[Symbol.asyncDispose]())

interface Ask {
  readonly tool: string
  readonly args: Record<string, unknown>
}

/** A real server behind one transport, and what it can be asked. */
interface Upstream {
  readonly says: Ask & { readonly text: RegExp }
  readonly fails: Ask & { readonly text: RegExp }
  /** Reports four steps; null where the transport has no progress. */
  readonly steps: Ask | null
  /** Goes on until it is cancelled. */
  readonly slow: (label: number) => Ask
  start(): Promise<Running>
}

interface Running {
  /** Wire form, without the name. */
  readonly server: Record<string, unknown>
  /** What the server itself knows of a slow call. */
  knows(what: 'began' | 'was cancelled', label: number, client: McpClient): Promise<boolean> | boolean
  stop(): Promise<void>
}

const upstreams: Record<string, Upstream> = {
  'everything-http': serverEverything('streamable-http', 'streamableHttp', '/mcp'),
  'everything-sse': serverEverything('sse', 'sse', '/sse'),
  'modern-http': fixture('modern-http', 'streamable-http', 'http', ['streamable-http-server.ts', 'modern']),
  websocket: fixture('websocket', 'websocket', 'ws', ['websocket-server.ts']),
  adapter: {
    says: { tool: 'echo', args: { text: 'over plain HTTP' }, text: /^over plain HTTP$/ },
    fails: { tool: 'fail', args: {}, text: /it did not work/ },
    steps: null,
    slow: label => ({ tool: 'slow', args: { text: String(label) } }),
    async start() {
      const server = await toolServer()
      const reads = ['slow', 'started', 'cancelled', 'fail']
      const tools = Object.fromEntries(reads.map(name => [name, { effect: 'read' }]))
      return {
        server: { transport: 'http-adapter', url: `${server.url}/base`, trusted: true, tools },
        knows: told('adapter'),
        stop: () => server.stop(),
      }
    },
  },
  openapi: {
    says: { tool: 'findBook', args: { id: 'b7' }, text: /On patience/ },
    fails: { tool: 'findBook', args: { id: 'lent' }, text: /The book is lent/ },
    steps: null,
    slow: label => ({ tool: 'search', args: { label: String(label) } }),
    async start() {
      const service = await lendingService()
      return {
        server: { transport: 'openapi', document: service.document, endpoints: [service.url] },
        knows: (what, label) => (what === 'began' ? service.began : service.abandoned).includes(String(label)),
        stop: () => service.stop(),
      }
    },
  },
}

for (const [name, upstream] of Object.entries(upstreams)) {
  describe(`through ${name}`, () => {
    let running: Running
    before(async () => {
      running = await upstream.start()
      await castellan.ask('POST', '/api/mcp-servers', { name, ...running.server })
    })
    after(() => running.stop())

    for (const revision of revisions) {
      test(`a ${revision} client lists the tools of the server and calls one`, async () => {
        await using client = await connect(castellan, revision)
        const { tool, args, text } = upstream.says
        assert.ok((await toolNames(client)).includes(`${name}__${tool}`))
        const answer = await callTool(client, `${name}__${tool}`, args)
        assert.equal(answer.outcome, 'ok')
        assert.match(answer.text, text)
      })

      test(`a ${revision} client is told the error of the server as the server said it`, async () => {
        await using client = await connect(castellan, revision)
        const { tool, args, text } = upstream.fails
        const answer = await callTool(client, `${name}__${tool}`, args)
        assert.equal(answer.outcome, 'toolError')
        assert.match(answer.text, text)
      })

      if (upstream.steps) {
        const { tool, args } = upstream.steps
        test(`a ${revision} client hears of progress, step by step`, async () => {
          await using client = await connect(castellan, revision)
          const heard: number[] = []
          await callTool(client, `${name}__${tool}`, args, { onprogress: ({ progress }) => heard.push(progress) })
          assert.deepEqual(heard, [1, 2, 3, 4])
        })
      }

      test(`a call that a ${revision} client cancels is cancelled at the server`, async () => {
        await using client = await connect(castellan, revision)
        const label = ++labels
        const { tool, args } = upstream.slow(label)
        const cancelling = new AbortController()
        const calling = callTool(client, `${name}__${tool}`, args, { signal: cancelling.signal })
        const ended = calling.then(
          () => 'answered',
          () => 'given up',
        )
        await until('the call reached the server', () => running.knows('began', label, client), Boolean)

        cancelling.abort()

        assert.equal(await ended, 'given up')
        await until('the server heard of it', () => running.knows('was cancelled', label, client), Boolean)
      })
    }
  })
}

let labels = 0

/** The official example server in a process of its own, with a proxy before it that hears what it is told. */
function serverEverything(transport: 'streamable-http' | 'sse', mode: string, path: string): Upstream {
  const long = 'trigger-long-running-operation'
  return {
    says: { tool: 'echo', args: { message: transport }, text: new RegExp(`^Echo: ${transport}$`) },
    fails: { tool: 'get-resource-reference', args: { resourceType: 'Text', resourceId: -1 }, text: /resourceId/ },
    steps: { tool: long, args: { duration: 0.2, steps: 4 } },
    slow: label => ({ tool: long, args: { duration: 60, steps: 60 + label } }),
    async start() {
      const loopback = new URL('../support/bind-loopback.mjs', import.meta.url).pathname
      const program = await spawned(['--import', loopback, serverProgram('everything'), mode], { PORT: '0' })
      const proxy = await recordingProxy(program.port)
      return {
        server: { transport, url: `http://127.0.0.1:${proxy.port}${path}`, trusted: true },
        knows(what, label) {
          const call = proxy.heard.find(each => each.params?.arguments?.steps === 60 + label)
          if (what === 'began' || call === undefined) return call !== undefined
          return proxy.heard.some(
            each => each.method === 'notifications/cancelled' && each.params?.requestId === call.id,
          )
        },
        async stop() {
          await proxy.stop()
          await program.kill()
        },
      }
    },
  }
}

/** The fixture server of the connectors in a process of its own; it remembers what was cancelled. */
function fixture(name: string, transport: string, scheme: string, program: readonly string[]): Upstream {
  const folder = new URL('../../apps/castellan/src/adapters/connector-mcp/fixtures/', import.meta.url).pathname
  return {
    says: { tool: 'echo', args: { text: name }, text: new RegExp(`^${name}$`) },
    fails: { tool: 'fail', args: {}, text: /^it failed$/ },
    steps: { tool: 'progress', args: { steps: 4 } },
    slow: label => ({ tool: 'slow', args: { label: String(label) } }),
    async start() {
      const [file, ...args] = program
      const server = await spawned([`${folder}${file}`, ...args])
      return {
        server: { transport, url: `${scheme}://127.0.0.1:${server.port}/mcp`, trusted: true },
        knows: told(name),
        stop: () => server.kill(),
      }
    },
  }
}

/** Asks a server that remembers its slow calls; it is busy with nothing else. */
function told(name: string): Running['knows'] {
  return async (what, label, client) => {
    const { text } = await callTool(client, `${name}__${what === 'began' ? 'started' : 'cancelled'}`)
    return text.split(/[ ,]/).includes(String(label))
  }
}
