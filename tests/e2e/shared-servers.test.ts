import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CallAnswer, Server } from '@castellan/contracts'
import { until } from '../support/control-plane.ts'
import { connect } from '../support/mcp-client.ts'
import { type Node, nodesOn } from '../support/nodes.ts'
import { postgresForTests } from '../support/services.ts'

const postgres = await postgresForTests()

const counting = {
  name: 'counting',
  transport: 'stdio',
  command: process.execPath,
  args: [new URL('fixtures/counting-server.ts', import.meta.url).pathname],
  tools: { count: { effect: 'unsafe' }, wait: { effect: 'unsafe' }, ask: { effect: 'unsafe' } },
}

interface Counted {
  readonly count: number
  readonly pid: number
  /** Calls of `wait` that are under way. */
  readonly waiting: number
}

describe('a stdio server on many nodes', { skip: postgres.skip, concurrency: false }, () => {
  test('is one process that all of them see, with progress and questions to their clients', async () => {
    await using nodes = await nodesOn(postgres.url)
    const [one, two] = await both(nodes)

    const seen = [await count(one), await count(two), await count(one), await count(two)]

    assert.deepEqual(
      seen.map(each => each.count),
      [1, 2, 3, 4],
    )
    assert.equal(new Set(seen.map(({ pid }) => pid)).size, 1)
    await using client = await connect(two, '2025-11-25', { capabilities: { elicitation: { form: {} } } })
    client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { name: 'Ann' } }))
    const steps: number[] = []
    await client.callTool(
      { name: 'counting__wait', arguments: { ms: 40 } },
      { onprogress: ({ progress }) => void steps.push(progress) },
    )
    assert.deepEqual(steps, [1, 2, 3, 4])
    const answered = await client.callTool({ name: 'counting__ask', arguments: {} })
    assert.match(JSON.stringify(answered.content), /Ann/)
  })

  test('is taken over when its node is killed, and what was under way there is not done again', async () => {
    await using nodes = await nodesOn(postgres.url)
    const [one, two] = await both(nodes)
    const { pid } = await count(one)
    const underWay = call(two, 'wait', { ms: 60_000 })
    await until(
      'it is under way',
      () => count(one),
      ({ waiting }) => waiting === 1,
    )

    const killed = performance.now()
    one.signal('SIGKILL')

    assert.equal((await underWay).outcome, 'indeterminate')
    const after = await until(
      'another takes over',
      () => call(two, 'count'),
      answer => answer.outcome === 'ok',
    )
    const took = performance.now() - killed
    assert.notEqual(counted(after).pid, pid)
    assert.equal(counted(after).count, 1)
    assert.ok(took < 12_000, `it took ${took} ms`)
    const [line, ...more] = await until(
      'it is in the log',
      async () => takeOvers(two),
      lines => lines.length > 0,
    )
    assert.deepEqual([line!.level, line!.server, more], ['info', 'counting', []])
    assert.ok(line!.node !== '' && line!.from !== '' && line!.node !== line!.from)
  })

  test('goes to another node at once when its own is told to stop, after what is under way there', async () => {
    await using nodes = await nodesOn(postgres.url)
    const [one, two] = await both(nodes)
    const { pid } = await count(one)
    // The way there is open, so that both begin at once.
    await count(two)
    const underWay = [call(one, 'wait', { ms: 6_000 }), call(two, 'wait', { ms: 6_000 })]
    await until(
      'both are under way',
      () => count(two),
      ({ waiting }) => waiting === 2,
    )

    one.signal('SIGTERM')
    const next = call(two, 'count')

    assert.deepEqual(
      (await Promise.all(underWay)).map(answer => [answer.outcome, counted(answer).pid]),
      [
        ['ok', pid],
        ['ok', pid],
      ],
    )
    const settled = performance.now()
    const after = await next
    assert.equal(after.outcome, 'ok')
    assert.notEqual(counted(after).pid, pid)
    assert.ok(performance.now() - settled < 3_000, `${performance.now() - settled} ms after the last of them`)
    assert.equal((await one.ended).code, 0)
    assert.deepEqual(takeOvers(two), [])
  })

  test('is run as it is set anew, wherever that was done', async () => {
    await using nodes = await nodesOn(postgres.url)
    const [one, two] = await both(nodes)
    const { pid } = await count(one)
    const { version } = await two.rest.must<Server>('GET', '/api/mcp-servers/counting')
    const body = { ...counting, args: [...counting.args, 'anew'], version }

    const answer = await two.rest.ask('PUT', '/api/mcp-servers/counting', { body })
    assert.ok(answer.status < 300, JSON.stringify(answer))

    const anew = await until(
      'both use the new one',
      async () => [await count(one), await count(two)],
      ([a, b]) => {
        return a!.pid === b!.pid && a!.pid !== pid
      },
    )
    assert.equal(anew.length, 2)
  })
})

/** Two nodes that know the server and its tools. */
async function both(nodes: Awaited<ReturnType<typeof nodesOn>>): Promise<readonly [Node, Node]> {
  const one = await nodes.start('--drain-timeout', '60s')
  await one.rest.must('POST', '/api/mcp-servers', { body: counting })
  const two = await nodes.start()
  return [one, two]
}

/** What a node logged of servers that it runs since another was lost. */
function takeOvers(node: Node): readonly Record<'level' | 'server' | 'node' | 'from', string>[] {
  const lines = node
    .errors()
    .split('\n')
    .filter(line => line.includes('"server.taken_over"'))
  return lines.map(line => JSON.parse(line) as Record<'level' | 'server' | 'node' | 'from', string>)
}

async function call(node: Node, tool: string, args: object = {}): Promise<CallAnswer> {
  const { body } = await node.rest.ask('POST', '/api/calls', {
    body: { name: `counting__${tool}`, args, timeout: '90s' },
  })
  return body as unknown as CallAnswer
}

async function count(node: Node): Promise<Counted> {
  const answer = await call(node, 'count')
  assert.equal(answer.outcome, 'ok', JSON.stringify(answer))
  return counted(answer)
}

function counted({ result }: CallAnswer): Counted {
  const [first] = (result as { readonly content: readonly { readonly text: string }[] }).content
  return JSON.parse(first!.text) as Counted
}
