import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type ControlPlane, controlPlane, stdioServer, until } from '../../../tests/support/control-plane.ts'
import { ApiProblem, CastellanClient, Unreachable } from './index.ts'

describe('a client of a control plane', () => {
  let castellan: ControlPlane
  let client: CastellanClient
  before(async () => {
    castellan = await controlPlane()
    client = new CastellanClient(castellan)
  })
  after(() => castellan[Symbol.asyncDispose]())

  test('reaches every part of the API', async () => {
    const server = await client.servers.create(stdioServer('everything') as never)
    assert.equal((await client.servers.get('everything')).id, server.id)
    assert.equal((await client.servers.check(server.id)).status, 'active')
    assert.equal((await client.servers.discover(server.id)).server, 'everything')
    assert.ok((await client.servers.capabilities(server.id)).capabilities.length > 0)
    assert.equal((await client.servers.list({ limit: 1 })).items.length, 1)
    assert.ok((await client.capabilities.list({ q: 'echo' })).items.length > 0)

    const [found] = (await client.tools.search('echo', { limit: 1, definitions: true })).items
    assert.deepEqual([found?.exposed, found?.definition?.name], ['everything__echo', 'everything__echo'])

    const grant = await client.grants.create({ to: { role: 'member' }, server: '*', primitive_type: 'tool', name: '*' })
    assert.ok((await client.grants.list()).items.some(({ id }) => id === grant.id))
    assert.equal(await client.grants.remove(grant.id), undefined)
    await client.groups.put('some', { members: [] })
    assert.equal((await client.groups.get('some')).name, 'some')
    assert.equal((await client.groups.list()).items.length, 1)
    await client.groups.remove('some')
    await client.limits.put('a/b c%', { max_steps: 3 })
    assert.equal((await client.limits.list()).items[0]?.name, 'a/b c%')
    await client.limits.remove('a/b c%')
    await client.approvalRules.put('a/b c%', { tools: ['bank/*'], quorum: 2 })
    assert.equal((await client.approvalRules.list()).items[0]?.quorum, 2)
    await client.approvalRules.remove('a/b c%')
    const { files } = await client.policies.get()
    assert.deepEqual(await client.policies.check(files), { problems: [] })
    assert.equal((await client.policies.put(files)).version, 1)
    assert.equal(await client.secrets.put('token', 'x'), undefined)
    await client.tenants.create({ id: 'acme' })
    assert.equal((await client.tenants.update('acme', { suspended: true })).suspended, true)
    assert.equal((await client.tenants.list()).items.length, 2)
    const { id } = await client.principals.create({ name: 'bot', kind: 'agent' })
    assert.equal((await client.principals.update(id, { name: 'robot' })).name, 'robot')
    assert.equal((await client.principals.list()).items.length, 2)
    const key = await client.keys.create({ principal: id, name: 'k', scopes: ['read'] })
    assert.notEqual((await client.keys.revoke(key.id)).revoked_at, null)
    assert.equal((await client.keys.list()).items.length, 2)

    const call = await client.calls.create({ name: 'everything__echo', args: { message: 'hi' } })
    assert.equal(call.outcome, 'ok')
    // What only reads is written behind, so the record may come a moment after the answer.
    const list = () => client.calls.list({ server: 'everything' })
    await until('the record', list, ({ items }) => items.length === 1)
    assert.equal((await client.calls.get(call.call_id)).id, call.call_id)
    assert.ok((await client.journal.list({ topic: 'key.>' })).items.length >= 2)
    assert.deepEqual(await client.apply({ manifest: {}, dry_run: true }), { applied: false, actions: [] })
    assert.equal((await client.operations.health()).status, 'ok')
    assert.equal((await client.operations.ready()).ready, true)
    assert.match(await client.operations.metrics(), /castellan_calls_total/)
    assert.equal(
      (await client.servers.update('everything', { ...stdioServer('everything'), description: 'x' } as never))
        .description,
      'x',
    )
    await client.servers.remove('everything')
  })

  test('throws the problem when the answer is no', async () => {
    await assert.rejects(client.groups.get('nothing'), error => {
      assert.ok(error instanceof ApiProblem)
      assert.deepEqual([error.status, error.code, error.message], [404, 'NOT_FOUND', 'There is no group "nothing".'])
      return true
    })
    await assert.rejects(new CastellanClient({ ...castellan, key: 'no key' }).grants.list(), {
      code: 'UNAUTHENTICATED',
    })
    await assert.rejects(new CastellanClient({ ...castellan, tenant: 'nowhere' }).grants.list(), { status: 401 })
  })

  test('never lets a name lead to another path', async () => {
    for (const name of ['', '.', '..']) assert.throws(() => client.servers.remove(name), TypeError)
    await assert.rejects(client.groups.get('../mcp-servers'), {
      status: 404,
      message: 'There is no group "../mcp-servers".',
    })
    await assert.rejects(client.groups.get('x?limit=1#'), { message: 'There is no group "x?limit=1#".' })
  })

  test('gives up when its signal says so', async () => {
    await assert.rejects(client.calls.create({ name: 'x' }, AbortSignal.abort()), { name: 'AbortError' })
  })
})

describe('what is no control plane', () => {
  const strangers: readonly [string, RequestListener][] = [
    ['a web page', (_, answer) => answer.setHeader('content-type', 'text/html').end('<html>')],
    ['a web page that says no', (_, answer) => answer.writeHead(502, { 'content-type': 'text/html' }).end('<html>')],
    [
      'something that only says it is JSON',
      (_, answer) => answer.setHeader('content-type', 'application/json').end('{'),
    ],
    [
      'other problem details',
      (_, answer) => answer.writeHead(400, { 'content-type': 'application/problem+json' }).end('{"title":"x"}'),
    ],
    ['nothing at all', (_, answer) => answer.destroy()],
    [
      'half an answer',
      (_, answer) =>
        answer
          .writeHead(200, { 'content-length': '99', 'content-type': 'application/json' })
          .write('{', () => answer.destroy()),
    ],
  ]
  for (const [what, listener] of strangers) {
    test(`is told apart: ${what}`, async () => {
      await using stranger = await listening(listener)
      const client = new CastellanClient({ url: stranger.url, key: 'x' })
      await assert.rejects(client.grants.list(), Unreachable)
    })
  }

  test('and a port nobody listens at are unreachable', async () => {
    const gone = await listening(() => undefined)
    await gone[Symbol.asyncDispose]()
    const client = new CastellanClient({ url: gone.url, key: 'x' })
    await assert.rejects(client.grants.list(), /is the control plane running there/)
  })
})

test('a control plane may live below a path', async () => {
  const asked: string[] = []
  await using proxy = await listening(({ url }, answer) => {
    asked.push(url ?? '')
    answer.setHeader('content-type', 'application/json').end('{"items":[],"next":null}')
  })
  for (const base of ['/castellan', '/castellan/', '']) {
    await new CastellanClient({ url: `${proxy.url}${base}`, key: 'x' }).grants.list({ limit: 5 })
  }
  assert.deepEqual(asked, ['/castellan/api/grants?limit=5', '/castellan/api/grants?limit=5', '/api/grants?limit=5'])
})

async function listening(listener: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server: Server = createServer(listener)
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}
