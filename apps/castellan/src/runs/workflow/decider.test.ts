import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Told } from './fixtures/told.ts'

describe('nodes', () => {
  test('begin together, or after those they need', async () => {
    const run = await Told.begin(`
nodes:
  - { id: a, type: tool, tool: x }
  - { id: b, type: mcp_call, tool: x }
  - { id: c, type: tool, tool: x, needs: [a, b] }
  - { id: d, type: tool, tool: x }
edges: [{ from: c, to: d }]
`)
    assert.deepEqual(run.open, ['a', 'b'])
    await run.gives('a')
    assert.deepEqual(run.open, ['b'])
    await run.gives('b')
    assert.deepEqual(run.open, ['c'])
    await run.gives('c')
    await run.gives('d', 'last')
    assert.equal(run.end?.is, 'completed')
    assert.deepEqual(run.states, ['a done', 'b done', 'c done', 'd done'])
  })

  test('are told what came before them, and the run ends with what its output says', async () => {
    const run = await Told.begin(
      `
nodes:
  - { id: a, type: tool, tool: x, args: { path: "=input.path", mode: fast } }
  - { id: b, type: transform, needs: [a], expression: '$uppercase(nodes.a.output.text)' }
output: { said: "=nodes.b.output", at: "=nodes.a.ended_at" }
`,
      { path: '/tmp/x' },
    )
    const ask = run.ask('a')
    assert.deepEqual(ask.is === 'tool' && ask.args, { path: '/tmp/x', mode: 'fast' })
    await run.gives('a', 'hello')
    assert.deepEqual(run.output, { said: 'HELLO', at: '1970-01-01T00:00:01.000Z' })
  })

  test('fail with an expression that fails, and so does the run', async () => {
    const run = await Told.begin(`nodes: [{ id: a, type: transform, expression: '$error("no such thing")' }]`)
    assert.match(run.why!, /^the node "a" failed: .*no such thing/)
  })
})

describe('a branch', () => {
  const source = `
nodes:
  - { id: ask, type: if, condition: input.big, then: [large], else: [small] }
  - { id: large, type: tool, tool: x }
  - { id: after, type: tool, tool: x, needs: [large] }
  - { id: small, type: tool, tool: x }
  - { id: join, type: tool, tool: x, needs: [after, small] }
`
  test('that is not taken is left out with all that needs it, and what needs both goes on', async () => {
    const run = await Told.begin(source, { big: false })
    assert.deepEqual(run.open, ['small'])
    await run.gives('small')
    await run.gives('join')
    assert.deepEqual(run.states, ['ask done', 'large skipped', 'after skipped', 'small done', 'join done'])
  })

  test('of several is the first case that equals the value, or the default', async () => {
    for (const [colour, taken] of [
      ['red', 'stop'],
      ['green', 'go'],
      ['pink', 'other'],
    ] as const) {
      const run = await Told.begin(
        `
nodes:
  - id: which
    type: switch
    value: input.colour
    cases: [{ is: red, then: [stop] }, { is: green, then: [go] }, { is: red, then: [go] }]
    default: [other]
  - { id: stop, type: tool, tool: x }
  - { id: go, type: tool, tool: x }
  - { id: other, type: tool, tool: x }
`,
        { colour },
      )
      assert.deepEqual(run.open, [taken])
    }
  })
})

describe('a loop', () => {
  const source = (concurrency: number, extra = '') => `
nodes:
  - id: each
    type: foreach
    items: input
    concurrency: ${concurrency}
    ${extra}
    do:
      - { id: get, type: tool, tool: x, args: { name: "=item.name", number: "=index" } }
      - { id: say, type: transform, needs: [get], expression: 'item.name & ":" & nodes.get.output.text' }
`
  const items = ['a', 'b', 'c', 'd', 'e'].map(name => ({ name }))

  test('has as many items under way as it may, and its results in their order', async () => {
    const run = await Told.begin(source(2), items)
    assert.deepEqual(run.open, ['each[0].get', 'each[1].get'])
    await run.gives('each[1].get', '1')
    assert.deepEqual(run.open, ['each[0].get', 'each[2].get'])
    const ask = run.ask('each[2].get')
    assert.deepEqual(ask.is === 'tool' && ask.args, { name: 'c', number: 2 })
    await run.gives('each[2].get', '2')
    await run.gives('each[3].get', '3')
    await run.gives('each[0].get', '0')
    await run.gives('each[4].get', '4')
    assert.deepEqual(run.output, ['a:0', 'b:1', 'c:2', 'd:3', 'e:4'])
  })

  test('over nothing ends at once, and over one thing is of one', async () => {
    assert.deepEqual((await Told.begin(source(1), [])).output, [])
    assert.deepEqual((await Told.begin(source(1), { name: 'x' })).open, ['each[0].get'])
  })

  test('begins nothing more when an item fails, and waits for those under way', async () => {
    const run = await Told.begin(source(2), items)
    await run.ends('each[0].get', 'error', { message: 'no' })
    assert.deepEqual(run.open, ['each[1].get'])
    assert.equal(run.end, null)
    await run.gives('each[1].get')
    assert.match(run.why!, /"each" failed: the node "each\[0\].get" failed: no/)
    assert.deepEqual(run.states, [
      'each[0].get failed',
      'each[0].say cancelled',
      'each[1].get done',
      'each[1].say cancelled',
      'each failed',
    ])
  })

  test('of too many fails and says how many there may be', async () => {
    const run = await Told.begin(
      source(1),
      Array.from({ length: 1_001 }, () => ({ name: 'x' })),
    )
    assert.match(run.why!, /1001 items, and at most 1000/)
  })
})

describe('branches side by side', () => {
  const source = `
nodes:
  - id: both
    type: parallel
    branches:
      left: [{ id: l, type: tool, tool: x }]
      right: [{ id: r, type: tool, tool: x }, { id: s, type: tool, tool: x, needs: [r] }]
`
  test('come to what each came to', async () => {
    const run = await Told.begin(source)
    assert.deepEqual(run.open, ['both.left.l', 'both.right.r'])
    await run.gives('both.left.l')
    await run.gives('both.right.r')
    await run.gives('both.right.s', 'S')
    const { left, right } = run.output as Record<string, { text: string }>
    assert.deepEqual([left!.text, right!.text], ['ok', 'S'])
  })

  test('end when one fails', async () => {
    const run = await Told.begin(source)
    await run.ends('both.left.l', 'denied_policy', { message: 'refused' })
    await run.gives('both.right.r')
    assert.match(run.why!, /"both.left.l" failed: refused/)
    assert.deepEqual(run.states, ['both.left.l failed', 'both.right.r done', 'both.right.s cancelled', 'both failed'])
  })
})

describe('a failure', () => {
  const retrying = `
nodes:
  - { id: a, type: tool, tool: x, retry: { attempts: 3, wait: 10s, factor: 2 } }
`
  test('is tried again after a while, under another name, as often as it may', async () => {
    const run = await Told.begin(retrying)
    await run.ends('a', 'error', { message: 'no' })
    assert.deepEqual([run.open, run.until], [[], 11_000])
    await run.later(10_000)
    assert.deepEqual(run.open, ['a#2'])
    await run.ends('a#2', 'timeout')
    assert.equal(run.until, 32_000)
    await run.later(20_000)
    await run.ends('a#3', 'unavailable', { message: 'gone' })
    assert.equal(run.why, 'the node "a" failed: gone')
  })

  for (const outcome of ['indeterminate', 'denied_policy', 'denied_limit', 'cancelled', 'input_required'])
    test(`that is ${outcome} is never tried again`, async () => {
      const run = await Told.begin(retrying)
      await run.ends('a', outcome)
      assert.equal(run.end?.is, 'failed')
    })

  test('that is to go on lets those after it begin', async () => {
    const run = await Told.begin(`
nodes:
  - { id: a, type: tool, tool: x, on_error: continue }
  - { id: b, type: transform, needs: [a], expression: 'nodes.a.error.code' }
`)
    await run.ends('a', 'denied_policy', { message: 'no' })
    assert.equal(run.output, 'denied_policy')
  })

  test('leads where it is to lead, and what needs it is left out', async () => {
    const source = `
nodes:
  - { id: a, type: tool, tool: x, on_error: { branch: [mend] } }
  - { id: b, type: tool, tool: x, needs: [a] }
  - { id: mend, type: tool, tool: x }
`
    const failing = await Told.begin(source)
    await failing.ends('a', 'error')
    assert.deepEqual(failing.open, ['mend'])
    await failing.gives('mend')
    assert.deepEqual([failing.end?.is, failing.states], ['completed', ['a failed', 'b skipped', 'mend done']])
    const well = await Told.begin(source)
    await well.gives('a')
    await well.gives('b')
    assert.deepEqual(well.states, ['a done', 'b done', 'mend skipped'])
  })

  test('lets nothing begin, and gives up what only waits', async () => {
    const run = await Told.begin(`
nodes:
  - { id: a, type: tool, tool: x }
  - { id: b, type: wait, signal: go }
  - { id: c, type: approval, question: Well? }
  - { id: d, type: tool, tool: x, needs: [a] }
`)
    await run.ends('a', 'error', { message: 'no' })
    assert.deepEqual(run.states, ['a failed', 'b cancelled', 'c cancelled', 'd cancelled'])
  })
})

describe('what was done is taken back', () => {
  const source = `
nodes:
  - { id: a, type: tool, tool: x, compensate: { tool: undo, args: { what: "=nodes.a.output.text" } } }
  - { id: b, type: tool, tool: x, compensate: { tool: undo, args: { what: b }, retry: { attempts: 2, wait: 1s } } }
  - { id: c, type: tool, tool: x, needs: [a, b], compensate: { tool: undo } }
`
  test('in the reverse of the order in which it ended, when the run fails; what failed is not', async () => {
    const run = await Told.begin(source)
    await run.gives('b')
    await run.gives('a', 'A17')
    await run.ends('c', 'error', { message: 'no' })
    assert.deepEqual(run.open, ['a:undo'])
    const ask = run.ask('a:undo')
    assert.deepEqual(ask.is === 'tool' && [ask.tool, ask.args], ['undo', { what: 'A17' }])
    await run.gives('a:undo')
    await run.gives('b:undo')
    assert.equal(run.why, 'the node "c" failed: no')
    const { compensations } = run.end!.output as { compensations: unknown }
    assert.deepEqual(compensations, [
      { node: 'a', state: 'done' },
      { node: 'b', state: 'done' },
    ])
  })

  test('and when that fails, the others are still taken back, and it is told', async () => {
    const run = await Told.begin(source)
    await run.gives('a')
    await run.gives('b')
    await run.ends('c', 'error', { message: 'no' })
    await run.ends('b:undo', 'error', { message: 'not now' })
    await run.later(2_000)
    await run.ends('b:undo#2', 'indeterminate', { message: 'who knows' })
    await run.gives('a:undo')
    assert.equal(run.why, 'the node "c" failed: no; and what these did could not be taken back: "b"')
    const { compensations } = run.end!.output as { compensations: unknown }
    assert.deepEqual(compensations, [
      { node: 'b', state: 'failed', error: { code: 'indeterminate', message: 'who knows' } },
      { node: 'a', state: 'done' },
    ])
  })

  test('when somebody stops the run, once what is under way was broken off', async () => {
    const run = await Told.begin(source)
    await run.gives('a', 'A')
    const { asks } = run.unwind()
    assert.deepEqual(
      asks.map(({ step }) => step),
      ['a:undo.args'],
    )
  })

  test('of each turn of a loop', async () => {
    const run = await Told.begin(
      `
nodes:
  - id: each
    type: foreach
    items: input
    do: [{ id: get, type: tool, tool: x, compensate: { tool: undo, args: { item: "=item" } } }]
  - { id: then, type: tool, tool: x, needs: [each] }
`,
      ['p', 'q'],
    )
    await run.gives('each[0].get')
    await run.gives('each[1].get')
    await run.ends('then', 'error')
    const ask = run.ask('each[1].get:undo')
    assert.deepEqual(ask.is === 'tool' && ask.args, { item: 'q' })
    await run.gives('each[1].get:undo')
    await run.gives('each[0].get:undo')
    assert.equal(run.end?.is, 'failed')
  })
})

describe('a node that waits', () => {
  test('waits as long as it says, or until the time it is told', async () => {
    const run = await Told.begin(
      `
nodes:
  - { id: a, type: wait, for: 5m }
  - { id: b, type: wait, until: input.at }
`,
      { at: '1970-01-01T01:00:00Z' },
    )
    assert.deepEqual(
      run.open.map(step => {
        const ask = run.ask(step)
        return ask.is === 'wait' && [ask.for.is, ask.until]
      }),
      [
        ['time', 300_000],
        ['time', 3_600_000],
      ],
    )
    const never = await Told.begin(`nodes: [{ id: b, type: wait, until: '"soon"' }]`)
    assert.match(never.why!, /comes to no time/)
  })

  test('comes to what it was told, and fails when that does not come', async () => {
    const source = 'nodes: [{ id: a, type: wait, signal: paid, timeout: 1h }]'
    const told = await Told.begin(source)
    await told.ends('a', 'ok', { amount: 7 })
    assert.deepEqual(told.output, { amount: 7 })
    const late = await Told.begin(source)
    await late.ends('a', 'timeout')
    assert.match(late.why!, /nothing came within 3600000 ms/)
  })

  test('for people asks them by the terms it has, and fails when one refuses or nobody answers', async () => {
    const source = `nodes: [{ id: a, type: approval, question: "='Pay ' & input.sum & '?'", quorum: 2, roles: [auditor] }]`
    const run = await Told.begin(source, { sum: 9 })
    const ask = run.ask('a')
    assert.deepEqual(ask.is === 'wait' && ask.for, {
      is: 'answer',
      question: 'Pay 9?',
      terms: { roles: ['auditor'], quorum: 2, fourEyes: true },
    })
    await run.ends('a', 'refused', undefined, { reason: 'too much' })
    assert.equal(run.why, 'the node "a" failed: it was refused: too much')
    const late = await Told.begin(source, { sum: 9 })
    await late.ends('a', 'timeout')
    assert.equal(late.why, 'the node "a" failed: nobody answered in time')
  })
})

describe('a run inside', () => {
  const inner = 'nodes: [{ id: a, type: workflow, workflow: inner, timeout: 1m, input: { x: "=input" } }]'

  test('begins with what it is given, and its end is that of the node', async () => {
    const run = await Told.begin(inner, 5)
    const ask = run.ask('a')
    assert.ok(ask.is === 'run')
    assert.deepEqual([ask.wish.kind, ask.wish.name, ask.wish.input], ['workflow', 'inner', { x: 5 }])
    assert.equal((ask.wish.definition as unknown as { depth: number }).depth, 1)
    await run.ends('a', 'ok', { output: 3 }, { run: 'r' })
    assert.deepEqual(run.output, { output: 3 })
  })

  test('is stopped when its time is up', async () => {
    const run = await Told.begin(inner)
    assert.deepEqual(run.open, ['a', 'a:deadline'])
    await run.ends('a:deadline', 'ok')
    assert.deepEqual(run.stops, ['a'])
    await run.ends('a', 'cancelled', undefined, { run: 'r' })
    assert.equal(run.why, 'the node "a" failed: it did not end within 60000 ms')
  })

  test('is stopped when the run fails', async () => {
    const run = await Told.begin(`
nodes:
  - { id: a, type: workflow, workflow: inner }
  - { id: b, type: tool, tool: x }
`)
    await run.ends('b', 'error', { message: 'no' })
    assert.deepEqual([run.end, run.stops], [null, ['a']])
    await run.ends('a', 'cancelled')
    assert.equal(run.why, 'the node "b" failed: no')
  })

  test('does not begin when too many are around it', async () => {
    const run = await Told.begin(inner, {}, { depth: 7 })
    assert.match(run.why!, /8 deep/)
  })
})

test('a run whose time is up begins nothing more, takes back what was done and fails', async () => {
  const run = await Told.begin(`
timeout: 1m
nodes:
  - { id: a, type: tool, tool: x, compensate: { tool: undo } }
  - { id: b, type: wait, signal: s, needs: [a] }
`)
  await run.gives('a')
  await run.ends(':deadline', 'ok')
  assert.deepEqual(run.open.includes('a:undo'), true)
  await run.gives('a:undo')
  assert.equal(run.why, 'it did not end within 60000 ms')
})
