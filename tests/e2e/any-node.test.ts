import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Approval } from '@castellan/contracts'
import { Client, type ClientCapabilities, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { fixturePath } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/stdio-target.ts'
import { until } from '../support/control-plane.ts'
import { callTool, connect, type McpClient, toolNames } from '../support/mcp-client.ts'
import { type Node, type Nodes, nodesOn } from '../support/nodes.ts'
import { speaker } from '../support/raw-mcp.ts'
import { postgresForTests } from '../support/services.ts'
import { type MirrorServer, mirrorServer } from './fixtures/mirror-server.ts'

const postgres = await postgresForTests()
const MODERN = '2026-07-28'

describe(
  'a client of 2026-07-28 whose every request goes to another node than the one before',
  {
    skip: postgres.skip,
    concurrency: false,
  },
  () => {
    let nodes: Nodes
    let one: Node
    let two: Node
    let mirror: MirrorServer
    let ledger: string
    before(async () => {
      nodes = await nodesOn(postgres.url)
      one = await nodes.start()
      ledger = join(nodes.folder, 'ledger')
      mirror = await mirrorServer(many)
      for (const body of [
        fixtureServer('legacy'),
        fixtureServer('modern'),
        program('curious', curious, 'stdio', 'modern'),
        { name: 'many', transport: 'http-adapter', url: mirror.url },
        program('ledger', fixturePath('ledger-server.ts'), 'stdio', ledger),
      ])
        await one.rest.must('POST', '/api/mcp-servers', { body })
      await one.rest.must('PUT', '/api/policies', { body: { files: { 'house.cedar': policy } } })
      two = await nodes.start()
    })
    after(async () => {
      await nodes?.[Symbol.asyncDispose]()
      await mirror?.[Symbol.asyncDispose]()
    })

    test('lists and calls tools, reads a resource and gets a prompt', async () => {
      await using client = await turning(one, two)
      const names = await toolNames(client)
      for (const name of ['legacy__echo', 'modern__echo', 'many__tool-1099']) assert.ok(names.includes(name), name)
      for (const text of ['first', 'second', 'third', 'fourth'])
        for (const server of ['legacy', 'modern'])
          assert.equal((await callTool(client, `${server}__echo`, { text })).text, text)
      for (const turn of [1, 2]) {
        // Both of what follows come to each node once.
        if (turn === 2) await client.passTurn()
        const { contents } = await client.readResource({ uri: 'ledger://rules' }, { cacheMode: 'bypass' })
        assert.match(JSON.stringify(contents), /Write once/)
        const prompt = await client.getPrompt({ name: 'modern__greet', arguments: { who: `Ann ${turn}` } })
        assert.match(JSON.stringify(prompt.messages), new RegExp(`Hello, Ann ${turn}!`))
      }
      assert.ok(client.asked.every(({ url }, index) => url === (index % 2 === 0 ? one.url : two.url)))
    })

    test('gets each page from another node, and together they are the list that each has', async () => {
      const wholes: string[][] = []
      for (const [first, second] of [
        [one, two],
        [two, one],
      ] as const) {
        const begun = await page(first)
        assert.equal(begun.names.length, 1_000)
        const ended = await page(second, begun.next)
        assert.equal(ended.next, undefined)
        wholes.push([...begun.names, ...ended.names])
      }
      const alone = await page(two, (await page(two)).next)
      assert.deepEqual(wholes[0], wholes[1])
      assert.deepEqual(wholes[0], wholes[0]!.toSorted())
      assert.equal(new Set(wholes[0]).size, wholes[0].length)
      assert.deepEqual(wholes[0].slice(1_000), alone.names)
      assert.equal(wholes[0].filter(name => name.startsWith('many__tool-')).length, many.length)
    })

    for (const server of ['legacy', 'modern'])
      test(`answers at one node what a ${server} server asked it at the other`, async () => {
        await using client = await turning(one, two)
        client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { name: 'Ann' } }))
        // Once from each node to the other.
        for (const from of [one, two]) {
          if (client.next() !== from) await client.passTurn()
          const { text } = await callTool(client, `${server}__ask`)
          assert.equal(text, 'Good morning, Ann.')
          const [asked, answered] = client.asked.filter(({ method }) => method === 'tools/call').slice(-2)
          assert.deepEqual([asked!.url, answered!.url], [from.url, from === one ? two.url : one.url])
        }
      })

    test('carries what a server wants to remember from one node to the other', async () => {
      await using client = await turning(one, two)
      client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { name: 'Ann' } }))
      for (const from of [one, two]) {
        if (client.next() !== from) await client.passTurn()
        const { content } = await client.callTool({ name: 'curious__ask', arguments: { thing: 'it' } })
        assert.match(JSON.stringify(content), /Ann.*ask/)
        const urls = client.asked.filter(({ method }) => method === 'tools/call').map(({ url }) => url)
        assert.equal(new Set(urls.slice(-2)).size, 2)
      }
    })

    test('is asked at one node whether a call may be made, agrees at the other, and it is made once', async () => {
      await using client = await turning(one, two)
      client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { approve: true } }))
      assert.equal((await callTool(client, 'ledger__add', { id: 'agreed' })).outcome, 'ok')
      assert.equal(written('agreed'), 1)
    })

    test('that cannot be asked makes a call that was approved at one node at the other, once', async () => {
      await using client = await turning(one, two, {})
      const call = () => client.callTool({ name: 'ledger__add', arguments: { id: 'approved' } })
      const parked = await call()
      assert.equal(parked._meta?.['castellan/outcome'], 'needs_approval')
      const id = String(parked._meta?.['castellan/approvalId'])
      const { state } = await two.rest.must<Approval>('POST', `/api/approvals/${id}/approve`, { body: {} })
      assert.equal(state, 'approved')
      await until('that is known', async () => one.rest.must<Approval>('GET', `/api/approvals/${id}`), each => each.state === 'approved') // prettier-ignore
      if (client.next() !== one) await client.passTurn()
      assert.notEqual((await call()).isError, true)
      assert.equal(written('approved'), 1)
      const again = await call()
      assert.equal(again._meta?.['castellan/outcome'], 'needs_approval')
      assert.equal(written('approved'), 1)
    })

    test('hears at one node of what is changed by the other', async () => {
      await using client = await connect(one, MODERN)
      const heard: string[] = []
      for (const list of ['tools', 'resources', 'prompts'] as const)
        client.setNotificationHandler(`notifications/${list}/list_changed`, () => void heard.push(list))
      const filter = { toolsListChanged: true, resourcesListChanged: true, promptsListChanged: true } as const
      const listening = await client.listen(filter)
      await two.rest.must('POST', '/api/mcp-servers', { body: { ...fixtureServer('modern'), name: 'newcomer' } })
      await until('all is heard', () => [...new Set(heard)].toSorted(), lists => lists.length === 3) // prettier-ignore
      assert.ok((await toolNames(client)).includes('newcomer__echo'))
      heard.length = 0
      await two.rest.must('DELETE', '/api/mcp-servers/newcomer')
      await until('its end is heard', () => [...new Set(heard)].toSorted(), lists => lists.length === 3) // prettier-ignore
      await listening.close()
    })

    /** How often a line was really written. */
    function written(id: string): number {
      const lines = existsSync(ledger) ? readFileSync(ledger, 'utf8').split('\n') : []
      return lines.filter(line => line === id).length
    }
  },
)

const curious = fileURLToPath(new URL('fixtures/curious-server.ts', import.meta.url))

const policy = `@id("all") permit (principal, action, resource) unless { resource == Capability::"ledger/add" };
@id("write") @require_approval("lines are for ever") permit (principal, action, resource == Capability::"ledger/add");`

const many = Array.from({ length: 1_100 }, (_, number) => ({ name: `tool-${number}`, inputSchema: { type: 'object' } }))

function program(name: string, ...args: readonly string[]) {
  return { name, transport: 'stdio', command: process.execPath, args, trusted: true }
}

function fixtureServer(era: string) {
  return program(era, fixturePath('stdio-server.ts'), era)
}

interface Turning extends McpClient {
  /** What it asked of whom, in order. */
  readonly asked: readonly { readonly url: string; readonly method: string }[]
  /** Who is asked next. */
  next(): Node
  /** Asks something, so that it is the other's turn. */
  passTurn(): Promise<unknown>
}

/** A client of the official SDK behind a balancer that knows nothing of it: nodes take turns. */
async function turning(
  one: Node,
  two: Node,
  capabilities: ClientCapabilities = { elicitation: { form: {} } },
): Promise<Turning> {
  const client = new Client({ name: 'turning', version: '1' }, { capabilities, versionNegotiation: { mode: { pin: MODERN } } }) // prettier-ignore
  const asked: { url: string; method: string }[] = []
  const next = () => (asked.length % 2 === 0 ? one : two)
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${one.url}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${one.key}` } },
      fetch: (_url, init) => {
        const { url } = next()
        const { method } = JSON.parse(String(init!.body)) as { method: string }
        asked.push({ url, method })
        return fetch(`${url}/mcp`, init)
      },
    }),
  )
  return Object.assign(client, {
    asked,
    next,
    passTurn: () => client.listPrompts(undefined, { cacheMode: 'bypass' }),
    [Symbol.asyncDispose]: () => client.close(),
  })
}

async function page(
  node: Node,
  cursor?: string,
): Promise<{ readonly names: string[]; readonly next: string | undefined }> {
  const answer = await (await speaker(node, '2026')).request('tools/list', cursor === undefined ? {} : { cursor })
  const { tools, nextCursor } = answer.message!.result as unknown as { tools: { name: string }[]; nextCursor?: string }
  return { names: tools.map(({ name }) => name), next: nextCursor }
}
