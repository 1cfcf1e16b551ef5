import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type CastellanProcess, castellanProcess, castellanRefused } from '../support/castellan-process.ts'
import { controlPlane, serverProgram, stdioServer, until } from '../support/control-plane.ts'
import { callTool, connect, revisions, toolNames } from '../support/mcp-client.ts'
import { processesWith, variableOf } from '../support/processes.ts'

const long = 'everything__trigger-long-running-operation'
const hasProc = process.platform === 'linux'

let folder: string
before(async () => void (folder = await mkdtemp(join(tmpdir(), 'castellan-life-'))))
after(() => rm(folder, { recursive: true }))

/** Has a process run server-everything as a child that is known by a mark. */
async function withEverything({ url, key }: CastellanProcess, more: Record<string, unknown> = {}): Promise<string> {
  const mark = randomUUID()
  const response = await fetch(`${url}/api/mcp-servers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...stdioServer('everything'), args: [serverProgram('everything'), 'stdio', mark], ...more }),
  })
  assert.equal(response.status, 201, await response.text())
  return mark
}

describe('SIGTERM', () => {
  for (const revision of revisions) {
    test(`lets a call of a ${revision} client end with its answer, refuses new ones, and leaves nothing behind`, async () => {
      await using castellan = await castellanProcess(join(folder, `drain-${revision}`), '--log-level', 'error')
      const mark = await withEverything(castellan)
      await using client = await connect(castellan, revision)
      await using late = await connect(castellan, revision)
      const [child] = processesWith(mark)
      const begun = Promise.withResolvers<void>()
      const steps: number[] = []
      const onprogress = ({ progress }: { progress: number }) => {
        steps.push(progress)
        begun.resolve()
      }
      const calling = callTool(client, long, { duration: 2, steps: 10 }, { onprogress })
      await begun.promise

      castellan.signal('SIGTERM')

      const signalled = performance.now()
      await until(
        'new calls are refused',
        () => attempt(callTool(late, 'everything__echo', { message: 'in' })),
        isRefused,
      )
      assert.equal((await fetch(`${castellan.url}/ready`)).status, 503)
      const answer = await calling
      assert.equal(answer.outcome, 'ok')
      assert.equal(steps.length, 10)
      const { code, errors } = await castellan.ended
      assert.equal(code, 0, errors)
      assert.ok(performance.now() - signalled < 10_000, 'it ends within the drain time')
      await assert.rejects(fetch(`${castellan.url}/health`))
      if (hasProc) {
        assert.ok(child !== undefined, 'the server ran')
        assert.deepEqual(processesWith(mark), [])
      }
    })
  }

  test('does not wait longer than the drain time, and the call that was cut off is told of', async () => {
    const data = join(folder, 'cut')
    const flags = ['--drain-timeout', '300ms', '--log-level', 'error']
    await using castellan = await castellanProcess(data, ...flags)
    const mark = await withEverything(castellan, {
      tools: { [long.slice('everything__'.length)]: { effect: 'unsafe' } },
    })
    await using client = await connect(castellan, '2026-07-28')
    const begun = Promise.withResolvers<void>()
    const onprogress = () => begun.resolve()
    const calling = callTool(client, long, { duration: 60, steps: 600 }, { onprogress })
    await begun.promise
    castellan.signal('SIGTERM')
    const signalled = performance.now()
    assert.equal((await calling).outcome, 'indeterminate')
    assert.equal((await castellan.ended).code, 0)
    assert.ok(performance.now() - signalled < 5_000)
    if (hasProc) assert.deepEqual(processesWith(mark), [])

    await using again = await castellanProcess(data, ...flags)
    const response = await fetch(`${again.url}/api/calls`, { headers: { authorization: `Bearer ${again.key}` } })
    const { items } = (await response.json()) as { items: { outcome: string | null }[] }
    assert.deepEqual(
      items.map(item => item.outcome),
      ['indeterminate'],
    )
  })

  test(
    'a control plane that is killed leaves no server behind either',
    { skip: !hasProc && 'needs /proc' },
    async () => {
      await using castellan = await castellanProcess(join(folder, 'killed'), '--log-level', 'error')
      const mark = await withEverything(castellan)
      const [child] = processesWith(mark)
      const instance = variableOf(child!, 'CASTELLAN_INSTANCE')
      assert.ok(instance)

      castellan.signal('SIGKILL')
      await castellan.ended

      await until(
        'every process of it is gone',
        () => processesWith(instance),
        pids => pids.length === 0,
      )
      assert.deepEqual(processesWith(mark), [])
    },
  )
})

describe('a data folder in use', () => {
  test('is refused to a second control plane, which names the first and what to do', async () => {
    const data = join(folder, 'shared')
    await using first = await castellanProcess(data, '--log-level', 'error')

    const { code, errors } = await castellanRefused(data)

    assert.equal(code, 4)
    const problem = JSON.parse(errors) as { code: string; detail: string }
    assert.equal(problem.code, 'DATA_LOCKED')
    assert.match(problem.detail, new RegExp(`process ${first.pid}\\b.*${data}.*--data`))
    assert.equal((await fetch(`${first.url}/health`)).status, 200)
  })
})

describe('a start with a stored catalogue', () => {
  test('lists every tool at once, though no server is up', async () => {
    const data = join(folder, 'stored')
    {
      await using first = await castellanProcess(data, '--log-level', 'error')
      await withEverything(first)
      first.signal('SIGTERM')
      await first.ended
    }
    await using castellan = await castellanProcess(data, '--log-level', 'error')
    await using client = await connect(castellan, '2026-07-28')
    assert.ok((await toolNames(client)).length > 10)
  })
})

describe('a stdio server', () => {
  test(
    'that nobody uses is stopped, and starts again with the next call',
    { skip: !hasProc && 'needs /proc' },
    async () => {
      await using castellan = await controlPlane({ stdioIdleStop: '1s' })
      const mark = randomUUID()
      const server = { ...stdioServer('everything'), args: [serverProgram('everything'), 'stdio', mark] }
      await castellan.ask('POST', '/api/mcp-servers', server)
      const [first] = processesWith(mark)
      assert.ok(first)

      await until(
        'it is stopped',
        () => processesWith(mark),
        pids => pids.length === 0,
      )

      await using client = await connect(castellan, '2025-11-25')
      assert.ok((await toolNames(client)).includes('everything__echo'), 'its tools stay listed')
      assert.equal((await callTool(client, 'everything__echo', { message: 'back' })).text, 'Echo: back')
      assert.notEqual(processesWith(mark)[0], first)
    },
  )
})

describe('sessions of 2025 clients', () => {
  const post = (url: string, key: string, body: unknown, sessionId?: string) =>
    fetch(`${url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId }),
      },
      body: JSON.stringify(body),
    })
  const initialize = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
  }
  const ping = { jsonrpc: '2.0', id: 2, method: 'ping' }
  const begin = async (url: string, key: string) => {
    const response = await post(url, key, initialize)
    await response.text()
    return response.headers.get('mcp-session-id')!
  }

  test('that nobody uses are collected, and the client is told to begin anew', async () => {
    await using castellan = await controlPlane({ mcpSessionIdle: '1s' })
    const { url, key } = castellan
    const session = await begin(url, key)
    assert.equal((await post(url, key, ping, session)).status, 200)

    // Asking would be use, so the gauge is asked instead.
    await until(
      'it is collected',
      () => openSessions(url, key),
      open => open === 0,
    )

    const late = await post(url, key, ping, session)
    assert.equal(late.status, 404)
    assert.match(await late.text(), /Session not found/)
  })

  test('with an open stream are in use, however quiet they are', async () => {
    await using castellan = await controlPlane({ mcpSessionIdle: '1s' })
    const { url, key } = castellan
    await using client = await connect(castellan, '2025-11-25')
    await begin(url, key)
    await until(
      'the other one is collected',
      () => openSessions(url, key),
      open => open === 1,
    )
    await client.ping()
  })

  test('are limited: one too many is refused with a sentence that says what to do', async () => {
    await using castellan = await controlPlane({ mcpMaxSessions: '2' })
    await using _first = await connect(castellan, '2025-11-25')
    await using _second = await connect(castellan, '2025-11-25')

    const refused = await post(castellan.url, castellan.key, initialize)

    assert.equal(refused.status, 503)
    const { error } = (await refused.json()) as { error: { message: string } }
    assert.equal(error.message, 'There are too many open sessions (2); close one, or try again later.')
    await using modern = await connect(castellan, '2026-07-28')
    assert.deepEqual(await toolNames(modern), [])
  })

  test('at the limit the one unused for longest gives way, and no other', async () => {
    await using castellan = await controlPlane({ mcpMaxSessions: '2' })
    const { url, key } = castellan
    const first = await begin(url, key)
    const second = await begin(url, key)
    await (await post(url, key, ping, first)).text()

    const third = await begin(url, key)

    const statuses = []
    for (const session of [first, second, third]) statuses.push((await post(url, key, ping, session)).status)
    assert.deepEqual(statuses, [200, 404, 200])
  })
})

async function openSessions(url: string, key: string): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } })
  return Number(/^castellan\w*sessions\w*(?:\{\})? (\d+)$/m.exec(await response.text())?.[1])
}

async function attempt<T>(work: Promise<T>): Promise<T | Error> {
  return work.catch((error: Error) => error)
}

function isRefused(seen: unknown): boolean {
  return seen instanceof Error && seen.message.includes('Castellan is stopping; try again in a moment.')
}
