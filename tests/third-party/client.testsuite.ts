import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { Client, type Tool } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { tools as fixtureTools } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/server.ts'
import { type RecordingProxy, recordingProxy } from '../e2e/fixtures/recording-proxy.ts'
import { serverProgram, until } from '../support/control-plane.ts'
import { callTool } from '../support/mcp-client.ts'
import { abilities, type Ability, type Access, type Connected, type ThirdPartyClient } from './client.ts'
import type { House } from './house.ts'
import manifest from './package.json' with { type: 'json' }

/**
 * Whether somebody else's client can be used through the gate as it would be used on the servers themselves; and whether the
 * reference says of it what was seen.
 */
export function clientSuite(client: ThirdPartyClient, house: () => House): void {
  const version = manifest.dependencies[client.package as keyof typeof manifest.dependencies]

  describe(`${client.title} ${version} on ${client.revision}`, () => {
    const seen = new Set<Ability>()
    const label = `${client.package}-${client.revision}`
    let proxy: RecordingProxy
    before(async () => void (proxy = await recordingProxy(Number(new URL(house().url).port))))
    after(() => proxy.stop())

    test('lists every tool with the schemas and annotations that its server gave it', async () => {
      await using connected = await connect()
      const listed = new Map((await connected.tools()).map(tool => [tool.name, tool]))
      const original = [...prefixed('everything', await everythingTools()), ...prefixed('fixture', fixtureTools)]
      for (const tool of original) assert.deepEqual(listed.get(tool.name), client.keeps(tool))
      seen.add('list')
    })

    test('calls tools of several servers, and gets text and structured content', async () => {
      await using connected = await connect()
      const echo = await connected.call('everything__echo', { message: client.title })
      const weather = await connected.call('everything__get-structured-content', { location: 'Chicago' })
      const big = await connected.call('fixture__big', { bytes: 100_000 })
      assert.deepEqual([echo.failed, echo.text], [false, `Echo: ${client.title}`])
      assert.deepEqual(weather.structured, { temperature: 36, conditions: 'Light rain / drizzle', humidity: 82 })
      assert.equal(big.text.length, 100_000)
      seen.add('call')
    })

    test(`shows the failure of a tool as ${client.showsFailureAs}, with its words`, async () => {
      await using connected = await connect()
      const { failed, text } = await connected.call('fixture__fail', {})
      assert.ok(failed)
      assert.match(text, /it failed/)
    })

    test(`shows a denied call as ${client.showsFailureAs}, with our words`, async () => {
      await using connected = await connect({ key: house().readerKey })
      const { failed, text } = await connected.call('everything__toggle-simulated-logging', {})
      const read = await connected.call('everything__echo', { message: 'still' })
      assert.ok(failed)
      assert.match(text, /refused by policy/)
      assert.equal(read.text, 'Echo: still')
    })

    ability('cancel', 'cancels a call, and the server hears of it', async () => {
      await using connected = await connect()
      const cancelling = new AbortController()
      const failed = connected.call('fixture__slow', { label }, cancelling.signal).then(
        told => told.failed,
        () => true,
      )
      await until(
        'it began',
        () => labels('started'),
        each => each.includes(label),
      )
      cancelling.abort()
      assert.ok(await failed)
      await until(
        'it was cancelled',
        () => labels('cancelled'),
        each => each.includes(label),
      )
    })

    ability('progress', 'hears of progress, the last one included', async () => {
      const heard: number[] = []
      await using connected = await connect({ onProgress: progress => heard.push(progress) })
      await connected.call('everything__trigger-long-running-operation', { duration: 0.4, steps: 4 })
      assert.deepEqual(heard, [1, 2, 3, 4])
    })

    ability('list changes', 'is told when a server has other tools than before', async () => {
      let told = 0
      await using connected = await connect({ onToolsChanged: () => void told++ })
      await connected.call('ledger__grow', { id: label })
      await until('it was told', () => told, Boolean)
    })

    ability('elicitation', 'answers what a server asks the user in the middle of a call', async () => {
      await using connected = await connect({ fillIn: () => ({ name: 'Ada' }) })
      const { failed, text } = await connected.call('everything__trigger-elicitation-request', {})
      assert.ok(!failed, text)
      assert.match(text, /Ada/)
    })

    test('spoke that revision all the time, and is described so in the reference', () => {
      const spoken = proxy.heard.filter(({ method }) => method !== 'initialize')
      assert.deepEqual([...new Set(spoken.map(({ revision }) => revision))], [client.revision])
      const row = rowOf(client, version, seen)
      const reference = readFileSync(new URL('../../docs/reference/clients.md', import.meta.url), 'utf8')
      assert.ok(reference.includes(row), `docs/reference/clients.md should say:\n${row}`)
    })

    function ability(name: Ability, title: string, work: () => Promise<void>): void {
      if (client.lacks[name] !== undefined) return
      test(title, async () => {
        await work()
        seen.add(name)
      })
    }

    async function connect(access: Partial<Access> = {}): Promise<Connected & AsyncDisposable> {
      const url = `http://127.0.0.1:${proxy.port}/mcp`
      const nobody = { onProgress: () => undefined, onToolsChanged: () => undefined, fillIn: () => ({}) }
      const connected = await client.connect({ url, key: house().key, ...nobody, ...access })
      return { ...connected, [Symbol.asyncDispose]: () => connected.close() }
    }

    async function labels(tool: 'started' | 'cancelled'): Promise<string[]> {
      return (await callTool(house().observer, `fixture__${tool}`)).text.split(',')
    }
  })
}

/** What server-everything says to a client without any abilities, word for word. */
async function everythingTools(): Promise<Tool[]> {
  const client = new Client({ name: 'oracle', version: '1' })
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [serverProgram('everything')], stderr: 'ignore' }),
  )
  const { tools } = await client.listTools()
  await client.close()
  return tools
}

function prefixed(server: string, tools: readonly Tool[]): Tool[] {
  return tools.map(tool => ({ ...tool, name: `${server}__${tool.name}` }))
}

function rowOf(client: ThirdPartyClient, version: string, seen: ReadonlySet<Ability>): string {
  const { title, revision, lacks } = client
  const cells = abilities.map(each => lacks[each] ?? (seen.has(each) ? 'yes' : 'no'))
  return `| ${[title, `\`${client.package}\` ${version}`, revision, ...cells].join(' | ')} |`
}
