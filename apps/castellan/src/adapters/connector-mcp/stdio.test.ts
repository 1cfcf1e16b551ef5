import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { allowedCall, connectorSuite, eventually, textOf } from '../../gate/connector.testsuite.ts'
import type { Link, LinkEvents, Reply, Target } from '../../gate/index.ts'
import { defaultTimeouts } from '../../registry/index.ts'
import { digestJson, isFault, type JsonObject } from '../../kernel/index.ts'
import { mcpConnector } from './connector.ts'
import { abilities } from './fixtures/abilities.ts'
import { fixturePath, nodeTarget, stdioTarget } from './fixtures/stdio-target.ts'
import { instance } from './reaper.ts'
import { findMarked } from './sweep.ts'

const connector = mcpConnector({ environment: { ...process.env, CLOUD_TOKEN: 'not for servers', LC_TIME: 'C' } })
const quiet: LinkEvents = { onListChanged: () => {} }

const leftovers = async (): Promise<string[]> => (await findMarked(instance)).map(pid => `process ${pid}`)

for (const era of ['legacy', 'modern', 'both']) {
  await connectorSuite(`stdio with a server that speaks ${era}`, async () => ({
    ...abilities,
    connector,
    target: nodeTarget('stdio-server.ts', [era], {
      values: { API_KEY: 'sk-very-secret-0123456789', PEM: 'first line\nsecond line' },
    }),
    unreachable: stdioTarget('sk-very-secret-command', [], { values: { API_KEY: 'sk-very-secret-command' } }),
    leftovers,
    stop: async () => {},
  }))
}

describe('a server as a child process', { timeout: 60_000 }, () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'castellan-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  test('it inherits a few harmless variables and nothing else', async () => {
    const link = await open(nodeTarget('stdio-server.ts', [], { values: { API_KEY: 'given by name' } }))
    const names = textOf(await callTool(link, 'env', {})).split(',')
    await link.close()
    assert.ok(names.includes('PATH') && names.includes('API_KEY') && names.includes('LC_TIME'))
    // Node itself adds the last when coverage is measured.
    const allowed =
      /^(PATH|HOME|LANG|LC_[A-Z]+|TERM|TMPDIR|SHELL|USER|API_KEY|CASTELLAN_(INSTANCE|CHILD)|NODE_V8_COVERAGE)$/
    assert.deepEqual(
      names.filter(name => !allowed.test(name)),
      [],
    )
  })

  test('what cannot be started is named, and why', async () => {
    const notExecutable = join(folder, 'plain.txt')
    await writeFile(notExecutable, 'no program')
    await chmod(notExecutable, 0o644)
    const cases: [Target, string][] = [
      [stdioTarget('no-such-command-anywhere', []), 'command not found: no-such-command-anywhere'],
      [stdioTarget(join(notExecutable, 'deeper'), []), 'a part of its path is not a directory'],
      [stdioTarget(notExecutable, []), 'not allowed to run the command'],
      [stdioTarget('cat\0', []), 'hold a zero byte'],
      [inFolder(stdioTarget(process.execPath, []), join(folder, 'missing')), 'working directory not found'],
    ]
    for (const [target, why] of cases) {
      await assert.rejects(open(target), error => {
        assert.ok(isFault(error, 'UPSTREAM_UNREACHABLE'), String(error))
        assert.ok(error.message.includes(why), error.message)
        return true
      })
    }
    assert.deepEqual(await leftovers(), [])
  })

  test('one that dies at once is quoted with its last words, less its secrets', async () => {
    const target = nodeTarget('unruly-server.ts', ['dies'], { values: { VAULT: 'correct horse battery' } })
    await assert.rejects(open(target), error => {
      assert.ok(isFault(error, 'UPSTREAM_UNREACHABLE'), String(error))
      assert.match(error.message, /exited with code 3; its last words: cannot open the vault with \*\*\*/)
      return true
    })
  })

  test('one that never answers is given up after the connect timeout, and is gone', async () => {
    for (const habit of ['mute', 'deaf']) {
      const target = nodeTarget('unruly-server.ts', [habit], { timeouts: { ...defaultTimeouts, connect: 500 } })
      await assert.rejects(open(target), error => isFault(error, 'UPSTREAM_TIMEOUT'))
      assert.deepEqual(await leftovers(), [])
    }
  })

  test('one that ignores the end of its input and SIGTERM, and forks, is gone after close with all it started', async () => {
    const link = await open(nodeTarget('unruly-server.ts', ['stays', 'forks', 'forks-away']))
    await eventually('it has forked twice', async () => (await findMarked(instance)).length === 3)
    await link.close()
    assert.deepEqual(await leftovers(), [])
  })

  test('what one leaves behind when it dies by itself is gone, too', async () => {
    const link = await open(nodeTarget('unruly-server.ts', ['forks', 'forks-away']))
    await eventually('it has forked twice', async () => (await findMarked(instance)).length === 3)
    const [oldest] = (await findMarked(instance)).sort((a, b) => a - b)
    process.kill(oldest!, 'SIGKILL')
    assert.match(await link.closed, /ended by SIGKILL/)
    assert.deepEqual(await leftovers(), [])
    await link.close()
  })

  test('one that babbles is understood all the same, and only reported', async () => {
    const log: string[] = []
    const link = await open(nodeTarget('unruly-server.ts', ['babbles']), { ...quiet, onLog: line => log.push(line) })
    for (let round = 0; round < 5; round++) {
      assert.equal(textOf(await callTool(link, 'echo', { round })), `{"round":${round}}`)
    }
    await link.close()
    const said = log.join('\n')
    assert.ok(log.includes('error: babble') && !said.includes('payload') && !said.includes('whose'))
    assert.ok(log.filter(line => line !== 'error: babble').length < 10, said)
  })

  test('a line without end breaks the call and ends the server', async () => {
    const link = await open(nodeTarget('unruly-server.ts', ['endless-line']))
    const reply = await callTool(link, 'echo', {})
    assert.ok(reply.is === 'broken' && reply.sent, JSON.stringify(reply))
    assert.match(reply.why, /longer than 10485760 bytes/)
    assert.match(await link.closed, /longer than 10485760 bytes/)
    await link.close()
    assert.deepEqual(await leftovers(), [])
  })

  test('one that stops reading is not fed without end, and can still be closed', async () => {
    const link = await open(nodeTarget('unruly-server.ts', ['stops-reading']))
    const text = 'x'.repeat(8 * 1024 * 1024)
    const replies = Array.from({ length: 12 }, () => callTool(link, 'echo', { text }))
    const refused = await Promise.race(replies)
    assert.ok(refused.is === 'broken' && !refused.sent, JSON.stringify(refused))
    assert.match(refused.why, /does not read/)
    await link.close()
    for (const reply of await Promise.all(replies)) assert.equal(reply.is, 'broken')
    assert.deepEqual(await leftovers(), [])
  })

  test('a reconnect greets in the era the server spoke before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'castellan-starts-'))
    const starts = join(folder, 'starts')
    // Every process says that it was started before it becomes the server.
    const server = [process.execPath, fixturePath('stdio-server.ts'), 'modern']
    const target = stdioTarget('/bin/sh', ['-c', 'echo started >> "$0"; exec "$@"', starts, ...server])
    const once = mcpConnector({ environment: process.env })
    const counts: number[] = []
    for (let round = 0; round < 2; round++) {
      await rm(starts, { force: true })
      const link = await once.open(target, quiet, AbortSignal.timeout(10_000))
      counts.push((await readFile(starts, 'utf8')).trim().split('\n').length)
      await link.close()
    }
    await rm(folder, { recursive: true })
    assert.deepEqual(counts, [2, 1], 'the second time only one process was needed')
  })
})

function open(target: Target, events: LinkEvents = quiet): Promise<Link> {
  return connector.open(target, events, AbortSignal.timeout(10_000))
}

function callTool(link: Link, name: string, args: JsonObject): Promise<Reply> {
  const definition = { name, inputSchema: { type: 'object' } }
  const capability = {
    server: 'fixture',
    primitive: 'tool',
    name,
    definition,
    digest: digestJson(definition),
    impliedEffect: null,
  } as const
  return link.call(allowedCall(nodeTarget('unruly-server.ts'), capability, args), {
    signal: AbortSignal.timeout(10_000),
    onProgress: null,
    client: null,
  })
}

function inFolder(target: Target, cwd: string): Target {
  return { ...target, connection: { ...target.connection, cwd } as Target['connection'] }
}
