import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { spawned } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/spawned.ts'
import { fixturePath } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/stdio-target.ts'
import { type ControlPlane, controlPlane, serverProgram, stdioServer, until } from '../support/control-plane.ts'
import { callTool, connect, revisions, toolNames } from '../support/mcp-client.ts'

const ledgerServer = fixturePath('ledger-server.ts')
const ledger = (name: string) => ({
  name,
  transport: 'stdio',
  command: process.execPath,
  args: [ledgerServer, 'stdio', '/dev/null'],
  trusted: true,
})

let castellan: ControlPlane
before(async () => {
  castellan = await controlPlane()
  await castellan.ask('POST', '/api/mcp-servers', ledger('ledger'))
  await castellan.ask('POST', '/api/mcp-servers', stdioServer('everything'))
})
after(() => castellan[Symbol.asyncDispose]())

describe('after a restart', () => {
  test('everything is listed at once, before any server is up', async () => {
    const loopback = new URL('../support/bind-loopback.mjs', import.meta.url).pathname
    const program = ['--import', loopback, serverProgram('everything'), 'streamableHttp']
    const server = await spawned(program, { PORT: '0' })
    let own = await controlPlane()
    try {
      const url = `http://127.0.0.1:${server.port}/mcp`
      await own.ask('POST', '/api/mcp-servers', { name: 'remote', transport: 'streamable-http', url, trusted: true })
      const before = await listsOf(own)
      await own.stop()
      await server.kill()

      own = await own.restart()

      assert.deepEqual(await listsOf(own), before)
      assert.ok(before.tools.includes('remote__echo') && before.resources.length > 0 && before.prompts.length > 0)
    } finally {
      await own[Symbol.asyncDispose]()
      await server.kill()
    }
  })
})

describe('a list that changes upstream', () => {
  test('is announced to a 2025 client in its session, which then sees the new tool', async () => {
    await using client = await connect(castellan, '2025-11-25')
    let announced = 0
    client.setNotificationHandler('notifications/tools/list_changed', () => void announced++)

    await callTool(client, 'ledger__grow', { id: 'grown-for-2025' })

    await until('it is announced', () => announced, Boolean)
    assert.ok((await toolNames(client)).includes('ledger__grown-for-2025'))
  })

  test('is announced to a 2026 client that listens, which then sees the new tool', async () => {
    await using client = await connect(castellan, '2026-07-28')
    let announced = 0
    client.setNotificationHandler('notifications/tools/list_changed', () => void announced++)
    const listening = await client.listen({ toolsListChanged: true })

    await callTool(client, 'ledger__grow', { id: 'grown-for-2026' })

    await until('it is announced', () => announced, Boolean)
    assert.ok((await toolNames(client)).includes('ledger__grown-for-2026'))
    await listening.close()
  })

  test('is not announced to a client of another tenant', async () => {
    const { key } = await newTenant('far-away')
    await using client = await connect(castellan, '2025-11-25', { key })
    await using witness = await connect(castellan, '2025-11-25')
    let announced = 0
    let witnessed = 0
    client.setNotificationHandler('notifications/tools/list_changed', () => void announced++)
    witness.setNotificationHandler('notifications/tools/list_changed', () => void witnessed++)

    await callTool(witness, 'ledger__grow', { id: 'grown-for-us' })

    await until('it is announced to us', () => witnessed, Boolean)
    // Whatever was sent to them before this answer has arrived with it.
    await client.listTools()
    assert.equal(announced, 0)
  })
})

describe('resources and prompts granted as tools', () => {
  for (const revision of revisions) {
    test(`are listed as tools to a ${revision} client, and answer when called`, async () => {
      const key = await newcomer(`reader-${revision}`, [
        { server: 'ledger', primitive_type: 'resource', name: 'ledger://rules', as_tool: true },
        { server: 'ledger', primitive_type: 'prompt', name: 'remind', as_tool: true },
      ])
      await using client = await connect(castellan, revision, { key })
      const { tools } = await client.listTools()
      const [prompt, resource] = ['remind', 'rules'].map(word => tools.find(tool => tool.name.includes(word)))
      assert.ok(prompt && resource && tools.length === 2, JSON.stringify(tools))

      const rules = await callTool(client, resource.name)
      const reminder = await callTool(client, prompt.name, { who: 'Ann' })
      const incomplete = await callTool(client, prompt.name, {})

      assert.match(rules.text, /Write once\./)
      assert.match(reminder.text, /Mind, Ann!/)
      assert.equal(incomplete.outcome, 'denied_schema')
    })
  }
})

describe('an endpoint', () => {
  before(() =>
    castellan.ask('PUT', '/api/groups/essentials', {
      members: [
        { server: 'ledger', names: ['look', 'remind'] },
        { server: 'everything', names: ['ech*'] },
      ],
    }),
  )

  for (const revision of revisions) {
    test(`of a group shows a ${revision} client its members, and nothing else can be called there`, async () => {
      await using client = await connect(castellan, revision, { path: '/mcp/groups/essentials' })
      assert.deepEqual(await toolNames(client), ['everything__echo', 'ledger__look'])
      assert.deepEqual(
        (await client.listPrompts()).prompts.map(prompt => prompt.name),
        ['ledger__remind'],
      )
      assert.equal((await callTool(client, 'everything__echo', { message: 'in' })).text, 'Echo: in')
      await assert.rejects(callTool(client, 'ledger__add', { id: 'out' }), /Unknown tool/)
    })

    test(`of a server shows a ${revision} client its original names, and nothing else can be called there`, async () => {
      await using client = await connect(castellan, revision, { path: '/mcp/servers/ledger' })
      const names = await toolNames(client)
      assert.ok(names.includes('look') && !names.includes('echo') && !names.some(name => name.includes('__')))
      assert.equal((await callTool(client, 'look')).outcome, 'ok')
      await assert.rejects(callTool(client, 'echo', { message: 'out' }), /Unknown tool/)
      await assert.rejects(callTool(client, 'everything__echo', { message: 'out' }), /Unknown tool/)
    })

    test(`that does not exist is, to a ${revision} client, one with nothing to see`, async () => {
      for (const path of ['/mcp/groups/nonsense', '/mcp/servers/nonsense']) {
        await using client = await connect(castellan, revision, { path })
        assert.deepEqual(await toolNames(client), [])
      }
    })
  }
})

describe('a client of another tenant', () => {
  for (const revision of revisions) {
    test(`on ${revision} sees nothing of ours on any endpoint, and is told that our tools do not exist`, async () => {
      const { key } = await newTenant(`elsewhere-${revision}`)
      for (const path of ['/mcp', '/mcp/servers/ledger', '/mcp/groups/essentials']) {
        await using client = await connect(castellan, revision, { key, path })
        const { resources } = await client.listResources()
        const { prompts } = await client.listPrompts()
        assert.deepEqual([await toolNames(client), resources, prompts], [[], [], []])
        const ours = await failureOf(callTool(client, 'ledger__look'))
        const none = await failureOf(callTool(client, 'ledger__nonsense'))
        assert.equal(ours.replaceAll('look', '…'), none.replaceAll('nonsense', '…'))
        assert.match(await failureOf(client.readResource({ uri: 'ledger://rules' })), /not found/i)
      }
    })
  }
})

describe('a key that is revoked', () => {
  for (const revision of revisions) {
    test(`stops working at once in an open session or client on ${revision}`, async () => {
      const key = await newcomer(`leaver-${revision}`, [{ server: '*', primitive_type: 'tool', name: '*' }])
      await using client = await connect(castellan, revision, { key })
      assert.equal((await callTool(client, 'ledger__look')).outcome, 'ok')
      const { items } = await castellan.ask<{ items: { id: string; name: string }[] }>('GET', '/api/keys')
      const { id } = items.find(item => item.name === `leaver-${revision}`)!

      await castellan.ask('DELETE', `/api/keys/${id}`)

      await assert.rejects(callTool(client, 'ledger__look'), { status: 401 })
      await assert.rejects(toolNames(client), { status: 401 })
    })
  }
})

describe('a grant that is taken away', () => {
  test('counts in an open session from the next request on', async () => {
    const key = await newcomer('demoted', [{ server: 'ledger', primitive_type: 'tool', name: 'look' }])
    await using client = await connect(castellan, '2025-11-25', { key })
    assert.deepEqual(await toolNames(client), ['ledger__look'])
    const { items } = await castellan.ask<{ items: { id: string; name: string; to: { principal?: string } }[] }>(
      'GET',
      '/api/grants?limit=500',
    )
    const grant = items.findLast(item => item.to.principal !== undefined && item.name === 'look')!

    await castellan.ask('DELETE', `/api/grants/${grant.id}`)

    assert.deepEqual(await toolNames(client), [])
    await assert.rejects(callTool(client, 'ledger__look'), /Unknown tool/)
  })
})

/** A member with grants of its own, and its key. */
async function newcomer(name: string, grants: readonly Record<string, unknown>[]): Promise<string> {
  const principal = await castellan.ask<{ id: string }>('POST', '/api/principals', { name, kind: 'agent' })
  for (const grant of grants) await castellan.ask('POST', '/api/grants', { to: { principal: principal.id }, ...grant })
  const key = { principal: principal.id, name, scopes: ['mcp'] }
  return (await castellan.ask<{ plaintext: string }>('POST', '/api/keys', key)).plaintext
}

/** A tenant with one member who may use everything there, and that member's key. */
async function newTenant(id: string): Promise<{ key: string }> {
  await castellan.ask('POST', '/api/tenants', { id })
  const within = async <T>(path: string, body: unknown): Promise<T> => {
    const response = await fetch(`${castellan.url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${castellan.key}`,
        'x-tenant-id': id,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    })
    assert.ok(response.ok, await response.clone().text())
    return (await response.json()) as T
  }
  const roles = ['member', 'operator']
  const principal = await within<{ id: string }>('/api/principals', { name: 'stranger', kind: 'user', roles })
  for (const primitive_type of ['tool', 'resource', 'prompt']) {
    await within('/api/grants', { to: { role: 'member' }, server: '*', primitive_type, name: '*' })
  }
  const key = { principal: principal.id, name: 'stranger', scopes: ['mcp'] }
  return { key: (await within<{ plaintext: string }>('/api/keys', key)).plaintext }
}

async function listsOf(of: ControlPlane) {
  await using client = await connect(of, '2025-11-25')
  const [tools, { resources }, { prompts }] = [
    await toolNames(client),
    await client.listResources(),
    await client.listPrompts(),
  ]
  return { tools, resources: resources.map(each => each.uri), prompts: prompts.map(each => each.name) }
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => assert.fail('it succeeded'),
    (error: Error) => error.message,
  )
}
