import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { repository } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/attempts.ts'
import { fixturePath } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/stdio-target.ts'
import { spawned } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/spawned.ts'
import { run } from '../../apps/castellan/src/cli/fixtures/run.ts'
import { withoutBubblewrap } from '../support/bubblewrap.ts'
import { type ControlPlane, controlPlane } from '../support/control-plane.ts'

let castellan: ControlPlane
before(async () => {
  castellan = await controlPlane()
  await castellan.ask('PUT', '/api/policies', { files: { 'a.cedar': 'permit (principal, action, resource);' } })
})
after(() => castellan[Symbol.asyncDispose]())

const prisoner = { transport: 'stdio', command: process.execPath, args: [fixturePath('prisoner.ts')] }

describe('a server in a sandbox', { skip: withoutBubblewrap() }, () => {
  test('is kept from the network by the kernel, so a limit on the network lets it work, and only it', async () => {
    const confined = await add({ name: 'confined', sandbox: { preset: 'strict', read_only: [repository] } })
    await add({ name: 'free' })
    assert.deepEqual(confined.sandbox, { preset: 'strict', read_only: [repository] })
    await castellan.ask('PUT', '/api/limits/offline', { no_network: true })
    const outward = { host: '127.0.0.1', port: Number(new URL(castellan.url).port) }

    assert.equal(await call('confined__connect', outward), 'ECONNREFUSED')
    assert.equal(await call('free__connect', outward), 'denied_limit')

    await castellan.ask('DELETE', '/api/limits/offline')
    assert.equal(await call('free__connect', outward), 'connected')
    const { capabilities } = await castellan.ask<{ capabilities: { open_world: boolean }[] }>(
      'GET',
      '/api/mcp-servers/confined/capabilities',
    )
    assert.ok(capabilities.every(({ open_world }) => !open_world))
  })

  test('does not see the keys of the control plane, which everything else here can read', async () => {
    const path = join(castellan.folder, 'admin.key')
    assert.equal(await call('free__read', { path }), `${castellan.key}\n`)
    assert.equal(await call('confined__read', { path }), 'ENOENT')
    // The same with all temporary files in its sight, among which this control plane has its own.
    const sandbox = { preset: 'strict', read_only: [repository, '/tmp'] }
    await castellan.ask('PUT', '/api/mcp-servers/confined', { name: 'confined', ...prisoner, sandbox })
    assert.equal(await call('confined__read', { path }), 'ENOENT')
    assert.equal(await call('confined__list', { path: castellan.folder }), '')
  })

  test('has it by an act that is in the journal, and can be changed and taken away from the command line', async () => {
    const changed = await cli('servers', 'set', 'confined', '--sandbox', 'memory=512MB', '--sandbox', 'network=host')
    assert.equal(changed.code, 0, changed.err)
    assert.match((await cli('servers', 'show', 'confined')).out, /sandbox +strict, network host, .*memory 512MB/)
    const { items } = await castellan.ask<{ items: { type: string; data: Record<string, unknown> }[] }>(
      'GET',
      '/api/journal?topic=server.updated&limit=500',
    )
    const { sandbox } = items.filter(({ data }) => data['name'] === 'confined').at(-1)!.data as { sandbox: object }
    assert.deepEqual({ ...sandbox, readOnly: [] }, { preset: 'strict', network: 'host', readOnly: [], hidden: [], writable: [], memory: 536_870_912, cpuSeconds: null, processes: null, openFiles: null, fileSize: null }) // prettier-ignore
    assert.equal((await cli('servers', 'set', 'confined', '--no-sandbox')).code, 0)
    assert.match((await cli('servers', 'show', 'confined')).out, /sandbox +none: it may do what the control plane may/)
    assert.match((await cli('doctor', '--data', castellan.folder)).out, /without a sandbox: confined, free/)
  })

  test('is not started without it: that cannot be had is said when it is added, and at each call', async () => {
    const sandbox = { preset: 'strict', read_only: [repository], writable: ['/no/such/folder'] }
    const wish = { name: 'impossible', ...prisoner, sandbox }
    const problem = await castellan.ask<{ detail: string }>('POST', '/api/mcp-servers', wish, 503)
    assert.match(problem.detail, /was not started: this machine cannot give it the sandbox .*no \/no\/such\/folder/)
    await castellan.ask('POST', '/api/mcp-servers', { ...wish, allow_unhealthy: true })
    const health = await castellan.ask<{ reason: string }>('POST', '/api/mcp-servers/impossible/health-check')
    assert.match(health.reason, /there is no \/no\/such\/folder/)
    assert.match(
      (await cli('doctor', '--data', castellan.folder)).out,
      /impossible is \w+: .*cannot give it the sandbox/,
    )
  })

  test('is given to all processes that come out of the configuration of another client', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'castellan-import-'))
    const file = join(folder, 'mcp.json')
    const { command, args } = prisoner
    writeFileSync(file, JSON.stringify({ mcpServers: { imported: { command, args }, remote: { url: 'http://127.0.0.1:9/mcp' } } })) // prettier-ignore
    const imported = await cli('import', file, '--yes', '--sandbox', 'strict', '--allow-unhealthy')
    assert.equal(imported.code, 0, imported.err)
    const server = await castellan.ask<Added>('GET', '/api/mcp-servers/imported')
    assert.deepEqual(server.sandbox, { preset: 'strict' })
    rmSync(folder, { recursive: true })
  })

  test('is declared in a file, and then there is nothing left to do', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'castellan-apply-'))
    const file = join(folder, 'castellan.yaml')
    writeFileSync(file, `servers:
  - name: declared
    transport: stdio
    command: ${process.execPath}
    args: [${fixturePath('prisoner.ts')}]
    sandbox: { preset: standard, read_only: ['${repository}'], memory: 1GB, processes: 1000 }
  - name: far
    transport: sse
    url: http://127.0.0.1:9/sse
    egress: { hosts: [login.example, '*.example.org'] }
`) // prettier-ignore
    const apply = () => cli('apply', '-f', file, '--yes', '--allow-unhealthy')
    assert.match((await apply()).out, /declared/)
    const second = await apply()
    assert.equal(second.code, 0, second.err)
    assert.match(second.out, /[Nn]othing|unchanged/)
    rmSync(folder, { recursive: true })
  })
})

describe('a server over the network', () => {
  test('on this machine is added in one command', async () => {
    const server = await spawned([fixturePath('streamable-http-server.ts')])
    const { code, err } = await cli('servers', 'add', 'near', '--endpoint', `http://127.0.0.1:${server.port}/mcp`)
    assert.equal(code, 0, err)
    await castellan.ask('DELETE', '/api/mcp-servers/near')
    await server.kill()
  })

  test('is not added where a cloud hands out keys, however that is written, and nothing is sent there', async () => {
    for (const host of [
      '169.254.169.254',
      '2852039166',
      '0xa9.254.43518',
      '[::ffff:169.254.169.254]',
      '[fd00:ec2::254]',
    ]) {
      const { code, err } = await cli('servers', 'add', 'cloud', '--endpoint', `http://${host}/latest`)
      assert.notEqual(code, 0)
      assert.match(err, /leads to where it may not: .*where clouds hand out the keys of a machine/, host)
    }
  })

  test('whose document names a place it may not lead to is refused, and named by the operator it is not', async () => {
    const document = { openapi: '3.1.0', info: { title: 'a', version: '1' }, paths: { '/keys': { get: { operationId: 'keys', responses: {} } } } } // prettier-ignore
    const asked: string[] = []
    const inner = createServer((request, response) => void response.end(asked.push(request.url!) && '{}')).listen(0, '127.0.0.1') // prettier-ignore
    await once(inner, 'listening')
    const { port } = inner.address() as { port: number }
    const outer = createServer((_, response) => {
      const servers = [{ url: 'http://169.254.169.254/latest' }]
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...document, servers }))
    }).listen(0, '127.0.0.1')
    await once(outer, 'listening')
    const url = `http://127.0.0.1:${(outer.address() as { port: number }).port}/openapi.json`

    const stray = await cli('servers', 'add', 'stray', '--document', url)
    const named = await cli('servers', 'add', 'named', '--document', url, '--endpoint', `http://127.0.0.1:${port}`)

    assert.match(stray.err, /leads to where it may not: 169\.254\.169\.254/)
    assert.equal(named.code, 0, named.err)
    assert.deepEqual(asked, ['/'])
    for (const server of [inner, outer]) {
      server.closeAllConnections()
      server.close()
    }
  })
})

interface Added {
  readonly sandbox?: object
}

function add(wish: object): Promise<Added> {
  return castellan.ask('POST', '/api/mcp-servers', { ...prisoner, ...wish })
}

/** The text a tool gave, or the code of why it gave none. */
async function call(name: string, args: object): Promise<string> {
  const response = await fetch(`${castellan.url}/api/calls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${castellan.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name, args }),
  })
  const { code, result } = (await response.json()) as { code?: string; result?: { content: { text: string }[] } }
  return result?.content[0]?.text ?? code ?? 'nothing'
}

function cli(...argv: readonly string[]) {
  return run([...argv, '--url', castellan.url, '--key', castellan.key], { variables: { PATH: process.env.PATH } })
}
