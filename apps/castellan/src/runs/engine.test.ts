import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { anApproval } from '../approvals/fixtures/approval.ts'
import type { AgentOutput } from './agent/definition.ts'
import { fault, type JsonObject, type JsonValue } from '../kernel/index.ts'
import { gives, openEngine, type Play, says, unmoved } from './fixtures/open-engine.ts'
import type { Run } from './run.ts'
import type { ModelRequest } from './model.ts'
import { inDoubt } from './runs.ts'
import type { StepEnd } from './step.ts'

const verify = { tool: 'clock__look', after_ms: 0 }
/** How a call ends of which nobody saw the end, and another tool can say what became of it. */
const lost: StepEnd = { is: 'ended', outcome: 'indeterminate', data: { call: 'C', verify }, payload: { message: '' } }
const probed = { is: 'probed', again: false, data: { call: 'P' } } as const

/** Asks for the time once, and says it. */
const tellTheTime: Play = work => {
  if (work.is === 'tool') return gives('12:00')
  const last = lastOf(work.request)
  return last.startsWith('tool:')
    ? says(`It is ${last.slice(5)}.`)
    : says('', { tool: 'clock__now', args: { zone: 'UTC' } })
}

describe('a run', () => {
  test('goes on until its agent has answered', async () => {
    await using it = await openEngine()
    it.engine(tellTheTime)
    const run = await it.execute()
    assert.equal(run.state, 'completed')
    assert.deepEqual(await it.lines(run), [
      'run.queued',
      'run.started',
      'model.requested',
      'model.ended',
      'tool.requested',
      'tool.ended',
      'model.requested',
      'model.ended',
      'run.completed',
    ])
    const output = (await it.runs.lines(run)).at(-1)!.payload as unknown as AgentOutput
    assert.equal(output.response, 'It is 12:00.')
    assert.deepEqual(output.usage, { input: 20, output: 10, cached: 0, guessed: false })
    assert.deepEqual(it.carried, ['m1.1.1', 't1.1', 'm2.1.1'])
    assert.deepEqual(it.bugs, [])
  })

  test('makes the calls of one answer side by side, and tells the model of all of them', async () => {
    await using it = await openEngine()
    const both = Promise.withResolvers<void>()
    let under = 0
    it.engine(async work => {
      if (work.is === 'tool') {
        if (++under === 2) both.resolve()
        await both.promise
        return gives(`in ${String(work.args['zone'])}`)
      }
      const { messages } = work.request
      const told = messages.flatMap(each => (each.role === 'tool' ? [each.text] : []))
      if (told.length > 0) return says(told.join(' and '))
      return says('', { tool: 'clock__now', args: { zone: 'A' } }, { tool: 'clock__now', args: { zone: 'B' } })
    })
    const run = await it.execute()
    assert.equal(outputOf(await it.runs.lines(run)).response, 'in A and in B')
  })

  test('fails with a sentence when its model is not to be had, after it was asked three times', async () => {
    await using it = await openEngine()
    it.engine(() => ({ is: 'ended', outcome: 'unavailable', data: { why: 'nobody is there', retry_after_ms: 1 } }))
    const run = await it.execute()
    assert.equal(run.state, 'failed')
    assert.equal(run.error, 'nobody is there')
    assert.deepEqual(it.carried, ['m1.1.1', 'm1.1.2', 'm1.1.3'])
  })

  test('asks the next model when one is not available', async () => {
    await using it = await openEngine()
    const asked: string[] = []
    it.engine(work => {
      assert.ok(work.is === 'model')
      asked.push(work.request.model)
      if (work.request.model === 'test/one') return { is: 'ended', outcome: 'error', data: { why: 'no' } }
      return says('here')
    })
    const run = await it.execute({ models: ['test/one', 'test/two'] })
    assert.equal(outputOf(await it.runs.lines(run)).response, 'here')
    assert.deepEqual(asked, ['test/one', 'test/two'])
  })
})

describe('a run that is interfered with', () => {
  test('ends when it is cancelled, and what is under way is broken off', async () => {
    await using it = await openEngine()
    const begun = Promise.withResolvers<void>()
    it.engine(async (work, _, signal) => {
      if (work.is === 'model') return says('', { tool: 'clock__now', args: {} })
      begun.resolve()
      await aborted(signal)
      return { is: 'ended', outcome: 'cancelled', data: {} }
    })
    const run = await start(it)
    await begun.promise
    await it.runs.cancel(run, it.actor)
    assert.equal((await it.ended(run)).state, 'cancelled')
    assert.deepEqual((await it.lines(run)).slice(-3), ['run.cancel_requested', 'tool.ended', 'run.cancelled'])
    await assert.rejects(it.runs.cancel(run, it.actor), { code: 'RUN_ENDED' })
  })

  test('ends when it is cancelled while nobody is at what it had begun, and says that the end of that is not known', async () => {
    await using it = await openEngine()
    const begun = Promise.withResolvers<void>()
    const first = it.engine(async (work, _, signal) => {
      if (work.is === 'model') return says('', { tool: 'clock__now', args: {} })
      begun.resolve()
      await aborted(signal)
      return { is: 'dropped' }
    })
    const run = await start(it)
    await begun.promise
    await first.stop(AbortSignal.abort())
    await it.runs.cancel(run, it.actor)
    // Whoever goes on may only look whether it has ended.
    it.engine((_work, _run, signal) => (signal.aborted ? { is: 'dropped' } : gives('12:00')))
    assert.equal((await it.ended(run)).state, 'cancelled')
    const lines = await it.runs.lines(run)
    assert.deepEqual(
      lines.slice(-3).map(({ type, data }) => [type, data['outcome']]),
      [
        ['run.cancel_requested', undefined],
        ['tool.ended', 'indeterminate'],
        ['run.cancelled', undefined],
      ],
    )
  })

  test('begins nothing while it is paused, and goes on when it is resumed', async () => {
    await using it = await openEngine()
    const begun = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    it.engine(async (work, run, signal) => {
      if (work.is === 'tool') {
        begun.resolve()
        await goOn.promise
      }
      return tellTheTime(work, run, signal)
    })
    const run = await start(it)
    await begun.promise
    await it.runs.pause(run, it.actor)
    goOn.resolve()
    await until(
      async () =>
        (await it.runs.get(run.tenant, run.id)).state === 'paused' && (await it.store.backlog())[0]?.held === 0,
    )
    assert.deepEqual((await it.lines(run)).slice(-2), ['run.paused', 'tool.ended'])
    await it.runs.resume(run, it.actor)
    assert.equal((await it.ended(run)).state, 'completed')
  })

  test('is parked when nobody knows what became of a call, until a person says it', async () => {
    for (const [as, told] of [
      ['happened', 'It took effect, as a person has checked; what it answered is not known.'],
      ['unknown', 'The outcome is unknown: it may have taken effect or not. Do not repeat it.'],
    ] as const) {
      await using it = await openEngine()
      const heard: string[] = []
      it.engine(work => {
        if (work.is === 'tool') return { is: 'ended', outcome: 'indeterminate', data: {}, payload: { message: '' } }
        const last = lastOf(work.request)
        heard.push(last)
        return last.startsWith('tool:') ? says('so be it') : says('', { tool: 'clock__now', args: {} })
      })
      const run = await start(it)
      await until(async () => (await it.runs.get(run.tenant, run.id)).state === 'parked')
      assert.deepEqual(inDoubt(await it.runs.lines(run)), ['t1.1'])
      await assert.rejects(it.runs.settle(run, 't9', { as: 'retry' }, it.actor), { code: 'REQUEST_INVALID' })
      await it.runs.settle(run, 't1.1', as === 'happened' ? { as, result: null } : { as }, it.actor)
      assert.equal((await it.ended(run)).state, 'completed')
      assert.equal(heard.at(-1), `tool:${told}`)
      assert.equal(it.carried.filter(step => step.startsWith('t')).length, 1)
    }
  })

  test('makes a call again, as another, when a person says that it did not happen', async () => {
    await using it = await openEngine()
    const attempts: number[] = []
    it.engine((work, run, signal) => {
      if (work.is !== 'tool') return tellTheTime(work, run, signal)
      attempts.push(work.attempt)
      return work.attempt === 1 ? { is: 'ended', outcome: 'indeterminate', data: {} } : gives('13:00')
    })
    const run = await start(it)
    await until(async () => (await it.runs.get(run.tenant, run.id)).state === 'parked')
    await it.runs.settle(run, 't1.1', { as: 'retry' }, it.actor)
    assert.equal((await it.ended(run)).state, 'completed')
    assert.deepEqual(attempts, [1, 2])
    assert.equal(outputOf(await it.runs.lines(run)).response, 'It is 13:00.')
  })

  test('asks a tool what became of a call, when there is one that can say it, and nobody else', async () => {
    for (const happened of [true, false]) {
      await using it = await openEngine()
      const attempts: number[] = []
      it.engine(
        (work, run, signal) => {
          if (work.is !== 'tool') return tellTheTime(work, run, signal)
          attempts.push(work.attempt)
          return work.attempt === 1 ? lost : gives('13:00')
        },
        {},
        undefined,
        () => ({ ...probed, happened, result: happened ? { content: [{ type: 'text', text: '12:30' }] } : null }),
      )
      const run = await it.execute()
      assert.equal(outputOf(await it.runs.lines(run)).response, happened ? 'It is 12:30.' : 'It is 13:00.')
      assert.deepEqual(attempts, happened ? [1] : [1, 2])
      const settled = (await it.runs.lines(run)).find(({ type }) => type === 'tool.settled')!
      assert.deepEqual([settled.data['by'], settled.data['call']], ['probe', 'P'])
      assert.deepEqual(it.bugs, [])
    }
  })

  test('is settled by a person who says it while a tool is asked, and then what the tool says is of no account', async () => {
    await using it = await openEngine()
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<void>()
    it.engine(
      (work, run, signal) =>
        work.is !== 'tool' ? tellTheTime(work, run, signal) : work.attempt === 1 ? lost : gives('13:00'),
      {},
      undefined,
      async () => {
        asked.resolve()
        await answer.promise
        return { ...probed, happened: true, result: null }
      },
    )
    const run = await start(it)
    await asked.promise
    await it.runs.settle(run, 't1.1', { as: 'retry' }, it.actor)
    answer.resolve()
    assert.equal((await it.ended(run)).state, 'completed')
    const settled = (await it.runs.lines(run)).filter(({ type }) => type === 'tool.settled')
    assert.deepEqual(
      settled.map(({ data }) => data['by']),
      [it.actor.principal],
    )
    assert.equal(outputOf(await it.runs.lines(run)).response, 'It is 13:00.')
    assert.deepEqual(it.bugs, [])
  })

  test('is asked for again by whoever goes on, and settled once, when its process goes while it asks', async () => {
    await using it = await openEngine()
    const play: Play = (work, run, signal) => (work.is === 'tool' ? lost : tellTheTime(work, run, signal))
    const reached = Promise.withResolvers<void>()
    const stuck = Promise.withResolvers<void>()
    const probes: number[] = []
    const still = it.engine(play, { lease: 300 }, unmoved, async work => {
      probes.push(work.times)
      reached.resolve()
      await stuck.promise
      return { ...probed, happened: false, result: null }
    })
    const run = await start(it)
    await reached.promise
    it.engine(play, {}, undefined, work => {
      probes.push(work.times)
      return { ...probed, happened: true, result: { content: [{ type: 'text', text: '12:30' }] } }
    })
    assert.equal((await it.ended(run)).state, 'completed')
    stuck.resolve()
    await until(async () => still.driving === 0)
    assert.deepEqual(probes, [0, 0])
    const lines = await it.lines(run)
    assert.equal(lines.filter(type => type === 'tool.settled').length, 1)
    assert.equal(lines.at(-1), 'run.completed')
    assert.deepEqual(it.bugs, [])
  })

  test('waits for people, and goes on when they have decided', async () => {
    await using it = await openEngine()
    const { approvals } = it
    const approval = anApproval({ tenant: it.actor.tenant })
    await approvals.ask(approval, null, [], [])
    it.engine(async (work, run, signal) => {
      if (work.is !== 'tool') return tellTheTime(work, run, signal)
      const { state } = (await approvals.approval(approval.tenant, approval.id))!
      return state === 'approved'
        ? gives('14:00')
        : { is: 'waits', approval: approval.id, until: Date.now() + 3_600_000 }
    })
    const run = await start(it)
    await until(
      async () =>
        (await it.store.backlog())[0]?.held === 0 && (await it.runs.get(run.tenant, run.id)).state === 'waiting',
    )
    await approvals.save({ ...approval, state: 'approved', version: 2 }, [])
    assert.equal((await it.ended(run)).state, 'completed')
    assert.equal((await it.lines(run)).filter(type => type === 'tool.parked').length, 1)
  })
})

describe('a run that begins as another did', () => {
  const same = (before: JsonValue) => before
  test('knows what that did and does none of it again, whatever it is told instead', async () => {
    await using it = await openEngine()
    const heard: string[] = []
    it.engine((work, run, signal) => {
      if (work.is === 'model') heard.push(`${work.request.messages[1]!.text} ${lastOf(work.request)}`)
      return tellTheTime(work, run, signal)
    })
    const first = await it.execute()
    const at = (await it.lines(first)).indexOf('tool.requested')
    const toldNow = (before: JsonValue) => ({ ...(before as JsonObject), message: 'And now?' })
    const second = await it.ended(await it.runs.fork(first, at, toldNow, it.identity, it.actor))
    assert.equal(second.state, 'completed')
    // The call had been asked for by then, and its end is known.
    assert.deepEqual(it.carried, ['m1.1.1', 't1.1', 'm2.1.1', 'm2.1.1'])
    assert.equal(heard.at(-1), 'And now? tool:12:00')
    assert.deepEqual((await it.lines(second)).slice(0, 6), [
      'run.forked',
      'run.started',
      'model.requested',
      'model.ended',
      'tool.requested',
      'tool.ended',
    ])
    await assert.rejects(it.runs.fork(first, 99, same, it.identity, it.actor), {
      code: 'REQUEST_INVALID',
      message: /from 0 to 7/,
    })
  })

  test('waits until what was begun has ended', async () => {
    await using it = await openEngine()
    const begun = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    it.engine(async (work, run, signal) => {
      if (work.is === 'tool') {
        begun.resolve()
        await goOn.promise
      }
      return tellTheTime(work, run, signal)
    })
    const run = await start(it)
    await begun.promise
    await assert.rejects(it.runs.fork(run, 4, same, it.identity, it.actor), { message: /"t1.1" has not ended/ })
    assert.equal(
      (await it.ended(await it.runs.fork(run, 3, same, it.identity, it.actor).finally(goOn.resolve))).state,
      'completed',
    )
    await it.ended(run)
  })
})

describe('a run that cannot be begun', () => {
  test('is told of, and those that were claimed with it are begun all the same', async () => {
    await using it = await openEngine()
    const runs = [await start(it), await start(it), await start(it)]
    const bug = new Error('a bug')
    it.engine(tellTheTime, { lease: 600_000 }, store => ({
      ...store,
      run: (tenant, id) => (id === runs[0]!.id ? Promise.reject(bug) : store.run(tenant, id)),
    }))
    for (const run of runs.slice(1)) assert.equal((await it.ended(run)).state, 'completed')
    assert.deepEqual(it.bugs, [bug])
  })
})

describe('a step that cannot be carried out', () => {
  test('is asked for again when the store could not be asked, and nothing else suffers', async () => {
    await using it = await openEngine()
    let times = 0
    it.engine((work, run, signal) => {
      if (work.is === 'tool' && ++times === 1) throw fault('STORE_UNAVAILABLE', { why: 'it is away' })
      return tellTheTime(work, run, signal)
    })
    assert.equal((await it.execute()).state, 'completed')
    assert.deepEqual(it.carried, ['m1.1.1', 't1.1', 't1.1 again', 'm2.1.1'])
    assert.deepEqual(it.bugs, [])
  })

  test('for a bug is told of, and the run goes on once its lease is over', async () => {
    await using it = await openEngine()
    const bug = new Error('a bug')
    let times = 0
    it.engine(
      (work, run, signal) => {
        if (work.is === 'tool' && ++times === 1) throw bug
        return tellTheTime(work, run, signal)
      },
      { lease: 300 },
    )
    assert.equal((await it.execute()).state, 'completed')
    assert.deepEqual(it.bugs, [bug])
  })
})

describe('a process that goes', () => {
  test('leaves its runs to another, which makes no call twice that it saw the end of', async () => {
    await using it = await openEngine()
    const stuck = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    const still = it.engine(
      async (work, run, signal) => {
        if (work.is === 'model' && lastOf(work.request) === 'tool:12:00')
          return says('', { tool: 'clock__now', args: { zone: 'B' } })
        if (work.is === 'tool' && work.args['zone'] === 'B') {
          reached.resolve()
          await stuck.promise
        }
        return tellTheTime(work, run, signal)
      },
      { lease: 300 },
      unmoved,
    )
    const run = await start(it)
    await reached.promise
    it.engine((work, other, signal) => {
      if (work.is === 'tool') return gives('15:00')
      return tellTheTime(work, other, signal)
    })
    assert.equal((await it.ended(run)).state, 'completed')
    assert.deepEqual(it.carried, ['m1.1.1', 't1.1', 'm2.1.1', 't2.1', 't2.1 again', 'm3.1.1'])
    assert.equal(outputOf(await it.runs.lines(run)).response, 'It is 15:00.')
    // Whatever it writes now is refused.
    const before = await it.lines(run)
    stuck.resolve()
    await until(async () => still.driving === 0)
    assert.deepEqual(await it.lines(run), before)
    assert.deepEqual(it.bugs, [])
  })

  test('lets go of its runs when it stops, and they go on elsewhere', async () => {
    await using it = await openEngine()
    const begun = Promise.withResolvers<void>()
    const first = it.engine(async (work, run, signal) => {
      if (work.is !== 'tool') return tellTheTime(work, run, signal)
      begun.resolve()
      await aborted(signal)
      return { is: 'ended', outcome: 'cancelled', data: {} }
    })
    const run = await start(it)
    await begun.promise
    await first.stop(AbortSignal.timeout(20))
    assert.deepEqual((await it.lines(run)).at(-1), 'tool.requested')
    it.engine(tellTheTime)
    assert.equal((await it.ended(run)).state, 'completed')
    assert.deepEqual(it.bugs, [])
  })

  test('any number of them share many runs, and each step is carried out once', async () => {
    await using it = await openEngine()
    for (let count = 0; count < 3; count++) it.engine(tellTheTime, { slots: 8 })
    const runs = await Promise.all(Array.from({ length: 40 }, () => start(it)))
    for (const run of runs) assert.equal((await it.ended(run)).state, 'completed')
    assert.equal(it.carried.length, 40 * 3)
    assert.deepEqual(it.bugs, [])
  })
})

async function start(it: Awaited<ReturnType<typeof openEngine>>): Promise<Run> {
  const { anAgent, asJson } = await import('./fixtures/open-engine.ts')
  const wish = {
    kind: 'agent',
    name: 'clerk',
    definition: asJson(anAgent()),
    input: { message: 'Time?', context: null },
  } as const
  return it.runs.start(wish, it.identity, it.actor)
}

function lastOf({ messages }: ModelRequest): string {
  const last = messages.at(-1)!
  return `${last.role}:${last.text}`
}

function outputOf(lines: readonly { readonly payload: unknown }[]): AgentOutput {
  return lines.at(-1)!.payload as AgentOutput
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Looks until something is so; the run of the tests is bounded anyway. */
async function until(so: () => Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise(resolve => setImmediate(resolve))
}
