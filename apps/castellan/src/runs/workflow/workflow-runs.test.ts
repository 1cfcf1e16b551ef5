import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonObject } from '../../kernel/index.ts'
import { anAgent, asJson, gives, openEngine, type OpenEngine, type Play, says } from '../fixtures/open-engine.ts'
import type { Run } from '../run.ts'
import { workflowOf } from './fixtures/a-workflow.ts'

const answering: Play = work => {
  if (work.is === 'model') return says('an answer')
  return gives(`${work.tool} ${JSON.stringify(work.args)}`)
}

async function outputOf(it: OpenEngine, run: Run): Promise<JsonObject> {
  return (await it.runs.lines(run)).at(-1)!.payload as JsonObject
}

async function until(so: () => Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise(resolve => setImmediate(resolve))
}

const standsAs = (it: OpenEngine, run: Run, state: Run['state']) =>
  until(
    async () =>
      (await it.runs.get(run.tenant, run.id)).state === state &&
      (await it.store.backlog()).every(each => each.held === 0),
  )

describe('a run of a workflow', () => {
  test('that is to start later does not before, whatever it is told meanwhile, and its time begins then', async () => {
    await using it = await openEngine()
    it.engine(answering)
    const source = 'nodes: [{ id: a, type: wait, signal: go }]\ntimeout: 2s'
    const wish = { kind: 'workflow', name: 'test', input: {}, startIn: 3_000 } as const
    const workflow = await workflowOf(source)
    const definition = asJson({ workflow, agents: {}, workflows: {}, teams: {}, depth: 0 })
    const run = await it.runs.start({ ...wish, definition }, it.identity, it.actor)
    await it.runs.signal(run, 'go', null, it.actor)
    await standsAs(it, run, 'queued')
    const ended = await it.ended(run)
    assert.equal(ended.state, 'completed')
    const lines = await it.runs.lines(run)
    const at = (type: string) => lines.find(each => each.type === type)!.at
    assert.ok(at('run.started') - at('run.queued') >= 3_000)
  })

  test('does what its nodes say, and writes down every step of it', async () => {
    await using it = await openEngine()
    it.engine(answering)
    const run = await it.ended(
      await it.begin(
        `
nodes:
  - { id: a, type: tool, tool: files__read, args: { path: "=input" } }
  - { id: b, type: transform, needs: [a], expression: 'nodes.a.output.text' }
`,
        'x.txt',
      ),
    )
    assert.equal(run.state, 'completed')
    assert.deepEqual(await it.lines(run), [
      'run.queued',
      'run.started',
      'compute.requested',
      'compute.ended',
      'tool.requested',
      'tool.ended',
      'compute.requested',
      'compute.ended',
      'run.completed',
    ])
    const { output, nodes } = await outputOf(it, run)
    assert.equal(output, 'files__read {"path":"x.txt"}')
    assert.deepEqual(
      Object.values(nodes as Record<string, JsonObject>).map(({ state, ended_at: end }) => [state, typeof end]),
      [
        ['done', 'string'],
        ['done', 'string'],
      ],
    )
    assert.deepEqual(it.bugs, [])
  })

  test('has agents and other workflows do their part, as they were when it began', async () => {
    await using it = await openEngine()
    it.engine(answering)
    const inner = await workflowOf('nodes: [{ id: i, type: transform, expression: input.n + 1 }]')
    const run = await it.ended(
      await it.begin(
        `
nodes:
  - { id: a, type: agent, agent: clerk, message: "='number ' & input" }
  - { id: w, type: workflow, workflow: plus, input: { n: "=input" }, needs: [a] }
output: ["=nodes.a.output.response", "=nodes.w.output.output"]
`,
        4,
        { agents: { clerk: { id: 'c1', definition: anAgent() } }, workflows: { plus: inner } },
      ),
    )
    assert.deepEqual((await outputOf(it, run))['output'], ['an answer', 5])
    const children = await it.runs.list(run.tenant, { parent: run.id }, null, 10)
    assert.deepEqual(children.map(({ kind, depth, subject }) => [kind, depth, subject]).toSorted(), [
      ['agent', 1, 'c1'],
      ['workflow', 1, null],
    ])
  })

  test('that calls itself ends when too many are in one another', async () => {
    await using it = await openEngine()
    it.engine(answering)
    const source = 'nodes: [{ id: again, type: workflow, workflow: self }]'
    const run = await it.ended(await it.begin(source, {}, { workflows: { self: await workflowOf(source) } }))
    assert.equal(run.state, 'failed')
    assert.match(run.error!, /8 deep/)
  })

  test('waits for a signal, which may come before anybody waits for it', async () => {
    await using it = await openEngine()
    it.engine(answering)
    const run = await it.begin(`
nodes:
  - { id: a, type: wait, signal: first }
  - { id: b, type: wait, signal: second, needs: [a] }
output: ["=nodes.a.output", "=nodes.b.output"]
`)
    await standsAs(it, run, 'waiting')
    await it.runs.signal(run, 'second', 2, it.actor)
    await it.runs.signal(run, 'first', 1, it.actor)
    await it.ended(run)
    assert.deepEqual((await outputOf(it, run))['output'], [1, 2])
  })

  test('waits to be called at an address that it can give away, once', async () => {
    await using it = await openEngine()
    it.engine(answering)
    const run = await it.begin(`
nodes:
  - { id: tell, type: tool, tool: shop__order, args: { notify: "=callbacks.paid" } }
  - { id: paid, type: wait, webhook: true, needs: [tell] }
`)
    await standsAs(it, run, 'waiting')
    const asked = (await it.runs.lines(run)).find(({ type }) => type === 'tool.requested')!
    assert.deepEqual(asked.payload, { notify: `at:${run.id}:paid` })
    await it.runs.called(run, 'paid', { sum: 3 }, 'c')
    await it.ended(run)
    assert.deepEqual((await outputOf(it, run))['output'], { sum: 3 })
    const other = await it.begin('nodes: [{ id: x, type: wait, for: 1h }, { id: paid, type: wait, webhook: true }]')
    await it.runs.called(other, 'paid', 1, 'c')
    await assert.rejects(it.runs.called(other, 'paid', 2, 'c'), { code: 'STEP_NOT_WAITING' })
  })

  test('waits for a time, and is not held meanwhile', async () => {
    await using it = await openEngine()
    it.engine(answering)
    const run = await it.begin('nodes: [{ id: a, type: wait, for: 50ms }]')
    assert.equal((await it.ended(run)).state, 'completed')
    assert.deepEqual((await it.lines(run)).slice(2), ['wait.requested', 'wait.ended', 'run.completed'])
  })

  test('asks people, by their roles, each once, and never whoever it acts for', async () => {
    await using it = await openEngine()
    it.engine(answering)
    const question = 'nodes: [{ id: ok, type: approval, question: Really?, quorum: 2 }]'
    const run = await it.begin(question)
    await standsAs(it, run, 'waiting')
    const person = (id: string, ...roles: ('admin' | 'operator' | 'member')[]) => ({
      ...it.identity,
      principal: { ...it.identity.principal, id },
      roles,
    })
    const said = (agrees: boolean, who: ReturnType<typeof person>) =>
      it.runs.answer(run, 'ok', { agrees, reason: null }, who, { ...it.actor, principal: who.principal.id })
    await assert.rejects(said(true, person(it.identity.principal.id, 'admin')), { code: 'FORBIDDEN' })
    await assert.rejects(said(true, person('m', 'member')), { code: 'FORBIDDEN' })
    await said(true, person('o', 'operator'))
    await assert.rejects(said(true, person('o', 'operator')), { code: 'STEP_NOT_WAITING' })
    const { waits } = it.runs.look(run, await it.runs.lines(run))
    assert.deepEqual(
      waits.map(({ step, said: by }) => [step, by.map(each => each.by)]),
      [['ok', ['o']]],
    )
    await said(true, person('a', 'admin'))
    assert.equal((await it.ended(run)).state, 'completed')
    const refused = await it.begin(question)
    await standsAs(it, refused, 'waiting')
    await it.runs.answer(refused, 'ok', { agrees: false, reason: 'no need' }, person('o', 'operator'), it.actor)
    assert.equal((await it.ended(refused)).error, 'the node "ok" failed: it was refused: no need')
  })
})

describe('a run of a workflow that begins as another did', () => {
  const source = `
nodes:
  - { id: book, type: tool, tool: shop__book, args: { of: "=input.of" }, compensate: { tool: shop__return } }
  - { id: ok, type: approval, needs: [book], question: Go on?, four_eyes: false }
  - { id: send, type: tool, tool: shop__send, needs: [ok], args: { to: "=input.to" } }
`
  const asked = async (it: OpenEngine, run: Run) => {
    await standsAs(it, run, 'waiting')
    await it.runs.answer(run, 'ok', { agrees: true, reason: null }, { ...it.identity, roles: ['operator'] }, it.actor)
    return it.ended(run)
  }

  test('does nothing again, asks people again, and goes on with what it is told instead', async () => {
    await using it = await openEngine()
    const calls: string[] = []
    it.engine(work => {
      if (work.is === 'tool') calls.push(`${work.tool} ${JSON.stringify(work.args)}`)
      return answering(work, undefined!, undefined!)
    })
    const first = await it.begin(source, { of: 'bolts', to: 'Ann' })
    await asked(it, first)
    const lines = await it.lines(first)
    const answered = lines.indexOf('wait.answered')
    const fork = (at: number, input: JsonObject) => it.runs.fork(first, at, () => input, it.identity, it.actor)
    await assert.rejects(fork(lines.length - 2, {}), { message: /somebody answered this run.*"at" must be less/ })
    const second = await asked(it, await fork(answered - 1, { of: 'nuts', to: 'Bob' }))
    assert.equal(second.state, 'completed')
    assert.deepEqual(calls, ['shop__book {"of":"bolts"}', 'shop__send {"to":"Ann"}', 'shop__send {"to":"Bob"}'])
  })

  test('takes back nothing that the other did', async () => {
    await using it = await openEngine()
    const calls: string[] = []
    it.engine(work => {
      if (work.is !== 'tool') return says('')
      calls.push(work.tool)
      const fails = work.tool === 'shop__send' && calls.length > 2
      return fails ? { is: 'ended', outcome: 'error', data: { why: 'no' } } : gives('done')
    })
    const first = await it.begin(source, { of: 'bolts', to: 'Ann' })
    await asked(it, first)
    const at = (await it.lines(first)).indexOf('wait.answered') - 1
    const second = await asked(it, await it.runs.fork(first, at, before => before, it.identity, it.actor))
    assert.equal(second.state, 'failed')
    assert.deepEqual(calls, ['shop__book', 'shop__send', 'shop__send'])
  })
})

describe('a run of a workflow that is stopped', () => {
  const source = `
nodes:
  - { id: a, type: tool, tool: shop__order, compensate: { tool: shop__return, args: { of: "=nodes.a.output.text" } } }
  - { id: b, type: tool, tool: shop__pack, needs: [a] }
`

  test('breaks off what is under way, and then takes back what was done', async () => {
    await using it = await openEngine()
    const packing = Promise.withResolvers<void>()
    const undone: unknown[] = []
    it.engine(async (work, _, signal) => {
      assert.ok(work.is === 'tool')
      if (work.tool === 'shop__return') undone.push(work.args)
      if (work.tool !== 'shop__pack') return gives('order 17')
      packing.resolve()
      await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
      return { is: 'ended', outcome: 'cancelled', data: {} }
    })
    const run = await it.begin(source)
    await packing.promise
    await it.runs.cancel(run, it.actor)
    assert.equal((await it.ended(run)).state, 'cancelled')
    assert.deepEqual(undone, [{ of: 'order 17' }])
    const { compensations, nodes } = (await outputOf(it, run)) as { compensations: unknown; nodes: JsonObject }
    assert.deepEqual(compensations, [{ node: 'a', state: 'done' }])
    assert.equal((nodes['b'] as JsonObject)['state'], 'failed')
    assert.deepEqual(it.bugs, [])
  })

  test('goes on taking back in another process, and makes no call of it twice', async () => {
    await using it = await openEngine()
    const undoing = Promise.withResolvers<void>()
    const first = it.engine(async (work, _, signal) => {
      assert.ok(work.is === 'tool')
      if (work.tool !== 'shop__return') return work.tool === 'shop__pack' ? failed : gives('order 17')
      undoing.resolve()
      await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
      return { is: 'ended', outcome: 'cancelled', data: {} }
    })
    const run = await it.begin(source)
    await undoing.promise
    await first.stop(AbortSignal.abort())
    it.engine(answering)
    assert.equal((await it.ended(run)).state, 'failed')
    assert.deepEqual(it.carried, ['a', 'b', 'a:undo', 'a:undo again'])
  })

  test('while it takes something back goes on with that', async () => {
    await using it = await openEngine()
    const undoing = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    it.engine(async (work, _, signal) => {
      assert.ok(work.is === 'tool')
      if (work.tool === 'shop__pack') return failed
      if (work.tool === 'shop__order') return gives('order 17')
      undoing.resolve()
      await goOn.promise
      assert.equal(signal.aborted, false)
      return gives('returned')
    })
    const run = await it.begin(source)
    await undoing.promise
    await it.runs.cancel(run, it.actor)
    goOn.resolve()
    assert.equal((await it.ended(run)).state, 'cancelled')
    assert.deepEqual(((await outputOf(it, run)) as { compensations: unknown }).compensations, [
      { node: 'a', state: 'done' },
    ])
    assert.deepEqual(it.bugs, [])
  })

  test('stops the runs inside of it', async () => {
    await using it = await openEngine()
    it.engine(answering)
    const inner = await workflowOf('nodes: [{ id: i, type: wait, signal: never }]')
    const run = await it.begin('nodes: [{ id: w, type: workflow, workflow: inner }]', {}, { workflows: { inner } })
    const inside = async () => (await it.runs.list(run.tenant, { parent: run.id }, null, 1))[0]
    await until(async () => (await inside())?.state === 'waiting')
    await it.runs.cancel(run, it.actor)
    assert.equal((await it.ended(run)).state, 'cancelled')
    assert.equal((await inside())!.state, 'cancelled')
  })

  test('says so plainly when something could not be taken back', async () => {
    await using it = await openEngine()
    it.engine(work => (work.is === 'tool' && work.tool === 'shop__order' ? gives('order 17') : failed))
    const run = await it.ended(await it.begin(source))
    assert.equal(run.error, 'the node "b" failed: out of boxes; and what these did could not be taken back: "a"')
  })

  test('is parked while nobody knows whether something was taken back', async () => {
    await using it = await openEngine()
    it.engine(work => {
      assert.ok(work.is === 'tool')
      if (work.tool === 'shop__return') return { is: 'ended', outcome: 'indeterminate', data: {} }
      return work.tool === 'shop__pack' ? failed : gives('order 17')
    })
    const run = await it.begin(source)
    await standsAs(it, run, 'parked')
    await it.runs.settle(run, 'a:undo', { as: 'happened', result: null }, it.actor)
    assert.equal((await it.ended(run)).error, 'the node "b" failed: out of boxes')
  })
})

const failed = { is: 'ended', outcome: 'error', data: {}, payload: { message: 'out of boxes' } } as const
