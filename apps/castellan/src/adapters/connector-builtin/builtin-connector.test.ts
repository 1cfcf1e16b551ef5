import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { connectorSuite } from '../../gate/connector.testsuite.ts'
import { isFault, type JsonObject } from '../../kernel/index.ts'
import { httpServer } from '../http-client/fixtures/http-server.ts'
import { builtIn, connector, targetOf, temporaryFolder } from './fixtures/built-in.ts'

await connectorSuite('the connector of built-in servers, with files,', async () => {
  const root = mkdtempSync(join(tmpdir(), 'castellan-files-'))
  const settings = { roots: [root], max_size: '8MB' }
  let files = 0
  const holding = (text: string) => {
    const path = `${++files}.txt`
    writeFileSync(join(root, path), text)
    return { tool: 'read_file', args: { path } }
  }
  return {
    connector: connector(),
    target: targetOf('file_tools', settings),
    unreachable: targetOf('file_tools', { roots: [join(root, 'nothing')] }),
    offers: await offersOf('file_tools', settings),
    echo: holding,
    fail: { tool: 'read_file', args: { path: 'nothing.txt' } },
    big: characters => holding('x'.repeat(characters)),
    leftovers: async () => [],
    stop: async () => rmSync(root, { recursive: true }),
  }
})

await connectorSuite('the connector of built-in servers, with pages,', async () => {
  const begun: string[] = []
  const cancelled: string[] = []
  const site = await httpServer(({ url }, response, request) => {
    const { pathname, searchParams } = new URL(url, 'http://site')
    const given = searchParams.get('q') ?? ''
    if (pathname === '/slow') {
      begun.push(given)
      request.socket.on('close', () => cancelled.push(given))
      return
    }
    const said: Record<string, () => string> = {
      '/echo': () => given,
      '/big': () => 'x'.repeat(Number(given)),
      '/begun': () => begun.join(' '),
      '/cancelled': () => cancelled.join(' '),
    }
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(said[pathname]?.() ?? '')
  })
  const at = (path: string, q = '') => ({
    tool: 'fetch',
    args: { url: `${site.url}${path}?q=${encodeURIComponent(q)}` },
  })
  const settings = { hosts: ['127.0.0.1'], max_size: '8MB' }
  return {
    connector: connector(),
    target: targetOf('http_fetch', settings),
    // Whatever it may ask, there is always a server.
    unreachable: targetOf('no_such_builtin', {}),
    offers: await offersOf('http_fetch', settings),
    echo: text => at('/echo', text),
    fail: { tool: 'fetch', args: { url: 'ftp://127.0.0.1/' } },
    slow: { ask: label => at('/slow', label), started: at('/begun'), cancelled: at('/cancelled') },
    big: characters => at('/big', String(characters)),
    leftovers: site.connections,
    stop: site.stop,
  }
})

async function offersOf(builtin: string, settings: JsonObject) {
  await using server = await builtIn(builtin, settings)
  return server.tools.map(({ primitive, name, definition }) => ({ primitive, name, definition }))
}

describe('a built-in server', () => {
  test('whose settings name what is not there is not opened, and says what', async () => {
    using folder = temporaryFolder()
    const target = targetOf('file_tools', { roots: [join(folder.path, 'gone')] })
    const opening = connector().open(target, { onListChanged: () => undefined }, AbortSignal.timeout(10_000))
    await assert.rejects(
      opening,
      error => isFault(error, 'UPSTREAM_UNREACHABLE') && /gone" is not there/.test(error.message),
    )
  })

  test('knows tools alone', async () => {
    await using server = await builtIn('http_fetch', { hosts: ['*'] })
    const [tool] = server.tools
    assert.equal(tool?.primitive, 'tool')
    assert.equal((await server.link.discover(AbortSignal.timeout(1_000))).capabilities.length, 1)
  })
})
