import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Client } from '@modelcontextprotocol/client'
import { spawned, type Spawned } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/spawned.ts'
import { fixturePath } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/stdio-target.ts'
import { type ControlPlane, controlPlane, serverProgram, until } from '../support/control-plane.ts'
import { callTool, connect, type Told, toolNames } from '../support/mcp-client.ts'

const ledgerServer = fixturePath('ledger-server.ts')
const loopback = new URL('../support/bind-loopback.mjs', import.meta.url).pathname

let castellan: ControlPlane
let folder: string
before(async () => {
  castellan = await controlPlane()
  folder = await mkdtemp(join(tmpdir(), 'castellan-ledger-'))
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

describe('two replicas of a server over HTTP', () => {
  const file = () => join(folder, 'http')
  let replicas: Spawned[]
  before(async () => {
    await writeFile(file(), '')
    replicas = await Promise.all([spawned([ledgerServer, 'http', file()]), spawned([ledgerServer, 'http', file()])])
    const endpoints = replicas.map(({ port }) => `http://127.0.0.1:${port}/mcp`)
    const server = { name: 'ledger', transport: 'streamable-http', endpoints, trusted: true }
    await castellan.ask('POST', '/api/mcp-servers', server)
  })
  after(() => Promise.all(replicas.map(replica => replica.kill())))

  test('share the load', async () => {
    await using client = await connect(castellan, '2025-11-25')
    const answers = await Promise.all(numbers(20).map(() => callTool(client, 'ledger__look', { wait: 20 })))
    assert.equal(new Set(answers.map(answer => answer.text)).size, 2)
  })

  test('one killed in the middle of many calls: reads succeed, no effect happens twice, and it is used again', async () => {
    await using client = await connect(castellan, '2026-07-28')
    const port = replicas[1]!.port
    const load = new Load(client, 'ledger')
    await load.run(300, async answered => {
      if (answered === 80) await replicas[1]!.kill()
    })

    await load.assertHonest(file())

    const back = await spawned([ledgerServer, 'http', file(), String(port)])
    replicas[1] = back
    await usedAgain(client, 'ledger')
  })
})

describe('a stdio server with two replicas', () => {
  const file = () => join(folder, 'stdio')
  before(async () => {
    await writeFile(file(), '')
    const args = [ledgerServer, 'stdio', file()]
    const server = { name: 'pair', transport: 'stdio', command: process.execPath, args, replicas: 2, trusted: true }
    await castellan.ask('POST', '/api/mcp-servers', server)
  })

  test('runs two processes that share the load', async () => {
    await using client = await connect(castellan, '2025-11-25')
    const answers = await Promise.all(numbers(20).map(() => callTool(client, 'pair__look', { wait: 20 })))
    assert.equal(new Set(answers.map(answer => answer.text)).size, 2)
  })

  test('one killed in the middle of many calls: reads succeed, no effect happens twice, and another takes its place', async () => {
    await using client = await connect(castellan, '2026-07-28')
    const { text: pid } = await callTool(client, 'pair__look')
    const load = new Load(client, 'pair')
    await load.run(300, answered => {
      if (answered === 80) process.kill(Number(pid), 'SIGKILL')
    })

    await load.assertHonest(file())

    const now = await usedAgain(client, 'pair')
    assert.ok(!now.has(pid), 'the killed process does not answer')
  })
})

describe('a bad server', () => {
  let hanging: Server
  let babbling: Server
  before(async () => {
    hanging = await listening(() => undefined)
    babbling = await listening(response => response.writeHead(200, { 'content-type': 'application/json' }).end('{'))
    const stdio = { transport: 'stdio', command: process.execPath, allow_unhealthy: true }
    const http = { transport: 'streamable-http', allow_unhealthy: true, timeouts: { connect: '1s', read: '1s' } }
    await Promise.all([
      castellan.ask('POST', '/api/mcp-servers', {
        name: 'good',
        transport: 'stdio',
        command: process.execPath,
        args: [serverProgram('everything')],
        trusted: true,
      }),
      castellan.ask('POST', '/api/mcp-servers', { ...http, name: 'hanging', url: urlOf(hanging) }),
      castellan.ask('POST', '/api/mcp-servers', { ...http, name: 'babbling', url: urlOf(babbling) }),
      castellan.ask('POST', '/api/mcp-servers', { ...http, name: 'absent', url: 'http://127.0.0.1:1/mcp' }),
      castellan.ask('POST', '/api/mcp-servers', { ...stdio, name: 'dying', args: ['-e', 'process.exit(3)'] }),
    ])
  })
  after(() => Promise.all([closed(hanging), closed(babbling)]))

  test('takes no tool of another server down, while it is probed again and again', async () => {
    const bad = ['hanging', 'babbling', 'absent', 'dying']
    const probing = Promise.all(
      bad.map(name => castellan.ask<{ status: string }>('POST', `/api/mcp-servers/${name}/health-check`)),
    )
    for (const revision of ['2025-11-25', '2026-07-28'] as const) {
      await using client = await connect(castellan, revision)
      const started = performance.now()
      assert.ok((await toolNames(client)).includes('good__echo'))
      assert.equal((await callTool(client, 'good__echo', { message: 'still here' })).text, 'Echo: still here')
      assert.ok(performance.now() - started < 1_000, 'nobody waits for servers that hang')
    }
    for (const { status } of await probing) assert.match(status, /^(error|inactive)$/)
  })
})

describe('a server that was gone', () => {
  const everything = (port: number) =>
    spawned(['--import', loopback, serverProgram('everything'), 'streamableHttp'], { PORT: String(port) })

  test('is used again after its restart, without restarting us or the client', async () => {
    let server = await everything(0)
    try {
      const url = `http://127.0.0.1:${server.port}/mcp`
      await castellan.ask('POST', '/api/mcp-servers', {
        name: 'restarted',
        transport: 'streamable-http',
        url,
        trusted: true,
      })
      await using client = await connect(castellan, '2025-11-25')
      const echo = () => callTool(client, 'restarted__echo', { message: 'hi' })
      assert.equal((await echo()).text, 'Echo: hi')

      await server.kill()
      assert.equal((await echo()).outcome, 'error')
      assert.ok((await toolNames(client)).includes('restarted__echo'), 'its tools stay listed')
      server = await everything(server.port)

      await until('the restarted server answers', echo, answer => answer.text === 'Echo: hi')
    } finally {
      await server.kill()
    }
  })

  test('is forgiven a session it has lost at once: the first call after its restart succeeds', async () => {
    const file = join(folder, 'restarted')
    let server = await spawned([ledgerServer, 'http', file])
    try {
      const url = `http://127.0.0.1:${server.port}/mcp`
      await castellan.ask('POST', '/api/mcp-servers', {
        name: 'forgetful',
        transport: 'streamable-http',
        url,
        trusted: true,
      })
      await using client = await connect(castellan, '2025-11-25')
      const { text: before } = await callTool(client, 'forgetful__look')
      await server.kill()
      server = await spawned([ledgerServer, 'http', file, String(server.port)])

      const { text, outcome } = await callTool(client, 'forgetful__look')

      assert.equal(outcome, 'ok')
      assert.notEqual(text, before)
    } finally {
      await server.kill()
    }
  })

  test('when it was registered comes up later, and its tools appear by themselves', async () => {
    const reserved = await listening(() => undefined)
    const url = urlOf(reserved)
    await closed(reserved)
    await castellan.ask('POST', '/api/mcp-servers', {
      name: 'late',
      transport: 'streamable-http',
      url,
      trusted: true,
      allow_unhealthy: true,
      probe_every: '250ms',
    })
    await using client = await connect(castellan, '2025-11-25')
    assert.ok(!(await toolNames(client)).includes('late__echo'))

    const server = await everything(Number(new URL(url).port))
    try {
      await until(
        'its tools are listed',
        () => toolNames(client),
        names => names.includes('late__echo'),
      )
      assert.equal((await callTool(client, 'late__echo', { message: 'hi' })).text, 'Echo: hi')
    } finally {
      await server.kill()
    }
  })
})

/** Many calls at once, half of them reads, half of them effects, and an honest account of them. */
class Load {
  readonly #client: Client
  readonly #server: string
  readonly #reads: Told[] = []
  readonly #effects = new Map<string, Told>()

  constructor(client: Client, server: string) {
    this.#client = client
    this.#server = server
  }

  /** Runs so many calls, twelve at a time; `each` is told how many were answered. */
  async run(count: number, each: (answered: number) => unknown): Promise<void> {
    let next = 0
    let answered = 0
    const work = async () => {
      for (let call = next++; call < count; call = next++) {
        const id = `call-${call}`
        const wait = 5
        if (call % 2 === 0) this.#reads.push(await callTool(this.#client, `${this.#server}__look`, { wait }))
        else this.#effects.set(id, await callTool(this.#client, `${this.#server}__add`, { id, wait }))
        await each(++answered)
      }
    }
    await Promise.all(numbers(12).map(work))
  }

  async assertHonest(file: string): Promise<void> {
    assert.deepEqual(
      this.#reads.filter(read => read.outcome !== 'ok'),
      [],
      'every read succeeds',
    )
    const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean)
    assert.equal(lines.length, new Set(lines).size, 'no effect happened twice')
    const happened = new Set(lines)
    const counts: Record<string, number> = {}
    for (const [id, { outcome, text }] of this.#effects) {
      counts[outcome] = (counts[outcome] ?? 0) + 1
      if (outcome === 'ok') assert.ok(happened.has(id), `${id} was said to have happened`)
      else if (outcome === 'error') assert.ok(!happened.has(id), `${id} was said to have failed: ${text}`)
      else assert.equal(outcome, 'indeterminate', text)
    }
    assert.ok((counts.ok ?? 0) > this.#effects.size / 2, `most effects happen: ${JSON.stringify(counts)}`)
    // The calls that were with the killed replica, and no more: twelve are under way at once.
    assert.ok((counts.indeterminate ?? 0) <= 12, JSON.stringify(counts))
  }
}

/** Resolves with the processes that answer, once there are two of them again. */
async function usedAgain(client: Client, server: string): Promise<ReadonlySet<string>> {
  return until(
    'both replicas answer',
    async () => {
      const answers = await Promise.all(numbers(8).map(() => callTool(client, `${server}__look`, { wait: 20 })))
      return new Set(answers.map(answer => answer.text))
    },
    pids => pids.size === 2,
  )
}

async function listening(answer: (response: ServerResponse) => void): Promise<Server> {
  const server = createServer((_request, response) => answer(response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return server
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise(resolve => server.close(() => resolve()))
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
