import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Capability, Run, RunLine, Server } from '@castellan/contracts'
import { httpServer, type HttpFixture } from '../../apps/castellan/src/adapters/http-client/fixtures/http-server.ts'
import { hire } from '../../apps/castellan/src/api/rest/fixtures/people.ts'
import { type ControlPlane, controlPlane, until } from '../support/control-plane.ts'
import { callTool, connect, revisions, toolNames } from '../support/mcp-client.ts'

const folder = mkdtempSync(join(tmpdir(), 'castellan-builtins-'))
const root = join(folder, 'data')
const script = join(folder, 'script.yaml')
let castellan: ControlPlane
let site: HttpFixture

const servers = (): readonly object[] => [
  { name: 'files', builtin: 'file_tools', settings: { roots: [root], write: true } },
  { name: 'web', builtin: 'http_fetch', settings: { hosts: ['127.0.0.1'] } },
  { name: 'recon', builtin: 'network_recon', settings: { targets: ['127.0.0.1'], ports: ['1-65535'] } },
  { name: 'memory', builtin: 'history', settings: {} },
  { name: 'mind', builtin: 'agent', settings: { model: 'acting/thinker' } },
]
const add = (server: object) => castellan.ask<Server>('POST', '/api/mcp-servers', { transport: 'builtin', ...server })

before(async () => {
  mkdirSync(root)
  writeFileSync(join(root, 'order.txt'), 'Order 17: twelve bolts')
  const lines = [
    { when: { contains: 'slowly' }, say: 'late', delay: '60s' },
    {
      when: { turn: 1, contains: 'deeper', model: 'diver' },
      call: [{ tool: 'deep__think', args: { question: 'deeper' } }],
    },
    { when: { contains: 'deep in one another' }, say: 'Deep enough.' },
    { when: { contains: 'Deep enough' }, say: 'Up again.' },
    { say: 'Forty-two.' },
  ]
  writeFileSync(script, JSON.stringify({ lines }))
  site = await httpServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Bolts</h1><p>A page about bolts.')
  })
  castellan = await controlPlane({ modelsProviders: JSON.stringify({ acting: { kind: 'scripted', script } }) })
  for (const server of servers()) await add(server)
})
after(async () => {
  await castellan[Symbol.asyncDispose]()
  await site.stop()
  rmSync(folder, { recursive: true })
})

const grant = (principal: string, server: string) =>
  castellan.ask('POST', '/api/grants', { to: { principal }, server, primitive_type: 'tool', name: '*' })

interface CallAnswer {
  readonly outcome: string
  readonly result?: {
    readonly structuredContent?: Record<string, unknown>
    readonly content: { readonly text: string }[]
  }
}
const call = (name: string, args: object, more: object = {}) =>
  castellan.ask<CallAnswer>('POST', '/api/calls', { name, args, ...more })

for (const revision of revisions) {
  test(`built-in tools are listed and called like any others (${revision})`, async () => {
    await using client = await connect(castellan, revision)
    const names = await toolNames(client)
    for (const name of ['files__read_file', 'web__fetch', 'recon__port_scan', 'memory__append', 'mind__think']) {
      assert.ok(names.includes(name), `${name} is missing`)
    }
    const read = await callTool(client, 'files__read_file', { path: 'order.txt' })
    assert.deepEqual(read, { text: 'Order 17: twelve bolts', outcome: 'ok' })
    const page = await callTool(client, 'web__fetch', { url: site.url })
    assert.match(page.text, /# Bolts\n\nA page about bolts\./)
    const { port } = new URL(site.url)
    const scan = await callTool(client, 'recon__port_scan', { target: '127.0.0.1', ports: [port] })
    assert.equal(scan.text, `127.0.0.1 (127.0.0.1): open ${port}`)
    const thought = await callTool(client, 'mind__think', { question: 'What is six times seven?' })
    assert.deepEqual(thought, { text: 'Forty-two.', outcome: 'ok' })
    assert.equal((await callTool(client, 'files__read_file', { path: '../script.yaml' })).outcome, 'toolError')
    const denied = await callTool(client, 'files__read_file', { path: 7 })
    assert.equal(denied.outcome, 'denied_schema')
  })
}

describe('a built-in server', () => {
  test('is read back with all its settings, and what it says of its tools is believed', async () => {
    const server = await castellan.ask<Server>('GET', '/api/mcp-servers/web')
    assert.deepEqual(
      [server.transport, server.builtin, server.settings?.['max_size'], server.health.status],
      ['builtin', 'http_fetch', '2MB', 'active'],
    )
    const { capabilities } = await castellan.ask<{ capabilities: Capability[] }>(
      'GET',
      '/api/mcp-servers/files/capabilities',
    )
    const known = capabilities.map(({ name, effect, open_world }) => [name, effect, open_world])
    assert.deepEqual(known.toSorted(), [
      ['list_files', 'read', false],
      ['read_file', 'read', false],
      ['stat', 'read', false],
      ['write_file', 'unsafe', false],
    ])
  })

  test('is refused with the place of what is wrong in its settings', async () => {
    const refused = async (server: object, where: RegExp) => {
      const problem = await castellan.ask(
        'POST',
        '/api/mcp-servers',
        { name: 'x', transport: 'builtin', ...server },
        400,
      )
      assert.match(JSON.stringify(problem), where)
    }
    await refused({ builtin: 'file_tools', settings: { roots: ['data'] } }, /settings.*roots.*0.*absolute path/)
    await refused({ builtin: 'network_recon', settings: { ports: ['22'] } }, /settings.*targets/)
    await refused(
      { builtin: 'network_recon', settings: { targets: ['10.0.0.0/8'], ports: ['0'] } },
      /ports.*0.*range of ports/,
    )
    await refused({ builtin: 'http_fetch', settings: { hosts: [], every: true } }, /hosts|every/)
    await refused({ builtin: 'agent', settings: {} }, /either .*agent.* or .*model/)
    await refused({ builtin: 'no_such', settings: {} }, /file_tools/)
    await refused({ builtin: 'file_tools', settings: { roots: ['/'] }, url: 'http://x' }, /url/)
  })

  test('that names what is not there is not added', async () => {
    const server = {
      name: 'x',
      transport: 'builtin',
      builtin: 'file_tools',
      settings: { roots: [join(folder, 'gone')] },
    }
    const problem = await castellan.ask('POST', '/api/mcp-servers', server, 503)
    assert.match(JSON.stringify(problem), /gone\W+ is not there/)
  })

  test('is for whoever was granted it, and policy says who may change something', async () => {
    const ann = await hire(castellan)
    await using before = await connect({ ...castellan, key: ann.key }, '2026-07-28')
    assert.deepEqual(await toolNames(before), [])
    await grant(ann.id, 'files')
    await using client = await connect({ ...castellan, key: ann.key }, '2026-07-28')
    assert.deepEqual((await toolNames(client)).toSorted(), [
      'files__list_files',
      'files__read_file',
      'files__stat',
      'files__write_file',
    ])
    assert.equal((await callTool(client, 'files__read_file', { path: 'order.txt' })).outcome, 'ok')
    const write = await callTool(client, 'files__write_file', { path: 'mine.txt', content: 'x' })
    assert.equal(write.outcome, 'denied_policy')
  })

  test('is declared in a manifest, and declared again it is the same', async () => {
    const server = {
      name: 'pages',
      transport: 'builtin',
      builtin: 'http_fetch',
      settings: { hosts: ['*.Example.com'] },
    }
    const apply = () => castellan.ask('POST', '/api/apply', { manifest: { servers: [server] } })
    assert.match(JSON.stringify(await apply()), /"create"/)
    assert.doesNotMatch(JSON.stringify(await apply()), /"(create|update)"/)
    await castellan.ask('DELETE', '/api/mcp-servers/pages')
  })

  test('may be given other settings, which hold from the next call on', async () => {
    const small = await add({ name: 'small', builtin: 'file_tools', settings: { roots: [root] } })
    const { id: _id, health: _health, ...kept } = small
    assert.equal((await call('small__read_file', { path: 'order.txt' })).outcome, 'ok')
    await castellan.ask('PUT', '/api/mcp-servers/small', { ...kept, settings: { ...small.settings, max_size: '4B' } })
    const { result } = await call('small__read_file', { path: 'order.txt' })
    assert.equal(result?.structuredContent?.['content'], 'Orde')
    await castellan.ask('DELETE', '/api/mcp-servers/small')
  })
})

test('what comes from the web makes a session untrusted, without a rule for it', async () => {
  await castellan.ask('PUT', '/api/guardrails', { rules: [{ tools: ['files/*'], labels: ['confidential'] }] })
  const session_id = 'mixed'
  const write = () => call('files__write_file', { path: 'out.txt', content: 'x', mode: 'overwrite' }, { session_id })
  assert.equal((await call('files__read_file', { path: 'order.txt' }, { session_id })).outcome, 'ok')
  assert.equal((await write()).outcome, 'ok')
  assert.equal(readFileSync(join(root, 'out.txt'), 'utf8'), 'x')
  assert.equal((await call('web__fetch', { url: site.url }, { session_id })).outcome, 'ok')
  assert.equal((await write()).outcome, 'needs_approval')
  await castellan.ask('PUT', '/api/guardrails', {})
})

test('notes are found again by whoever wrote them, also after a restart, and by nobody else', async () => {
  const note = { text: 'The harbour pump needs a new valve', tags: ['pump'] }
  const { result } = await call('memory__append', note, { session_id: 'watch-1' })
  const id = result?.structuredContent?.['id']
  castellan = await castellan.restart()
  const found = async (name: string, args: object, more: object = {}) => {
    const answer = await call(name, args, more)
    return (answer.result!.structuredContent!['notes'] as { id: string }[]).map(each => each.id)
  }
  assert.deepEqual(await found('memory__search', { query: 'valves pumps' }), [id])
  assert.deepEqual(await found('memory__recall', { tag: 'pump', this_session: true }, { session_id: 'watch-1' }), [id])
  assert.deepEqual(await found('memory__recall', { this_session: true }, { session_id: 'watch-2' }), [])
  const bob = await hire(castellan, { roles: ['operator'] })
  await grant(bob.id, 'memory')
  await using client = await connect({ ...castellan, key: bob.key }, '2026-07-28')
  assert.equal((await callTool(client, 'memory__search', { query: 'pump' })).text, 'Nothing.')
  assert.equal((await callTool(client, 'memory__recall', { id })).text, 'Nothing.')
  assert.equal((await callTool(client, 'memory__forget', { id })).outcome, 'toolError')
  assert.equal((await call('memory__forget', { id })).outcome, 'ok')
  assert.deepEqual(await found('memory__search', { query: 'pump' }), [])
})

describe('an agent as a tool', () => {
  test('can have itself asked only so deep, and is told when that is enough', async () => {
    await castellan.ask('POST', '/api/agents', {
      name: 'diver',
      llm_config: { provider: 'acting', model: 'diver' },
      available_mcps: ['deep'],
    })
    await add({ name: 'deep', builtin: 'agent', settings: { agent: 'diver', max_depth: 2 } })
    const { result } = await call('deep__think', { question: 'Go deeper' })
    assert.equal(result?.structuredContent?.['response'], 'Up again.')
    const { items } = await castellan.ask<{ items: Run[] }>('GET', '/api/runs?name=diver')
    const depths = items.map(async ({ id }) => {
      const lines = await castellan.ask<{ items: RunLine[] }>('GET', `/api/runs/${id}/lines`)
      return lines.items[0]?.data['depth']
    })
    assert.deepEqual((await Promise.all(depths)).toSorted(), [0, 1])
  })

  test('is ended when whoever asked gives up', async () => {
    await using client = await connect(castellan, '2026-07-28')
    const giving = new AbortController()
    const asked = callTool(client, 'mind__review', { subject: 'read this slowly' }, { signal: giving.signal })
    const runs = async () => (await castellan.ask<{ items: Run[] }>('GET', '/api/runs?name=acting/thinker')).items
    const { id } = (await until('the run has begun', runs, items => items.some(({ state }) => state === 'running')))[0]!
    giving.abort()
    await assert.rejects(asked)
    const run = () => castellan.ask<Run>('GET', `/api/runs/${id}`)
    await until('the run is over', run, ({ state }) => state === 'cancelled')
  })
})
