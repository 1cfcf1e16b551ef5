import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { postgresForTests } from '../../../../../tests/support/services.ts'
import { fault, type JsonObject } from '../../kernel/index.ts'
import { gives, openEngine, type OpenEngine, type Play, says } from '../fixtures/open-engine.ts'
import type { Run } from '../run.ts'
import type { RunStore } from '../run-store.ts'
import type { StepEnd } from '../step.ts'
import { word } from '../word.ts'
import type { TeamOutput } from './definition.ts'
import { aTeam } from './fixtures/a-team.ts'

const postgres = await postgresForTests()

const debate = aTeam({
  protocol: { is: 'collaborative', rounds: 1, decide: { is: 'vote' }, quorum: 'majority', earlyStop: false },
})

/** Each proposes itself, criticises in a form, and votes: two for bob. Looks at the clock before it proposes. */
const arguing: Play = work => {
  if (work.is === 'tool') return gives('12:00')
  const told = work.request.messages.findLast(({ role }) => role === 'user') as { text: string }
  const who = /You are "(\w+)"/.exec(told.text)![1]!
  if (told.text.includes('Propose your own')) {
    const looked = work.request.messages.some(({ role }) => role === 'tool')
    return looked ? says(`the plan of ${who}`) : says('', { tool: 'clock__now', args: {} })
  }
  if (told.text.includes('Say what is wrong')) return says(JSON.stringify({ critique: `${who} doubts`, best: who }))
  if (told.text.includes('Answer the task anew')) return says(`the better plan of ${who}`)
  return says(JSON.stringify({ choice: who === 'ann' ? 'ann' : 'bob', reason: 'it is sound' }))
}

async function outputOf(it: OpenEngine, run: Run): Promise<TeamOutput> {
  return (await it.runs.lines(run)).at(-1)!.payload as unknown as TeamOutput
}

const membersOf = (it: OpenEngine, run: Run) => it.runs.list(run.tenant, { parent: run.id }, null, 100)

async function until(so: () => Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise(resolve => setImmediate(resolve))
}

describe('a run of a team', () => {
  test('has its members at work as runs inside of it, and tells what they do', async () => {
    await using it = await openEngine()
    it.engine(arguing)
    const run = await it.ended(await it.beginTeam(debate))
    assert.deepEqual([run.state, run.error], ['completed', null])
    const { response, decision, dissent, board, usage } = await outputOf(it, run)
    assert.deepEqual([response, decision!.winner], ['the better plan of bob', 'bob'])
    assert.deepEqual(dissent, [{ member: 'ann', choice: 'ann', reason: 'it is sound' }])
    assert.deepEqual(
      board.map(({ version }) => version),
      Array.from({ length: 12 }, (_, index) => index + 1),
    )
    // Who proposes asks the model twice, and all else is asked once.
    assert.deepEqual([usage.input, usage.output], [150, 75])
    const members = await membersOf(it, run)
    assert.equal(members.length, 12)
    assert.deepEqual(
      new Set(members.map(({ name, depth, root }) => `${name} ${depth} ${root}`)),
      new Set([`clerk 1 ${run.id}`]),
    )
    const told = (await it.lines(run)).filter(type => type.startsWith('team.'))
    assert.deepEqual(
      Object.fromEntries([...new Set(told)].map(type => [type, told.filter(each => each === type).length])),
      { 'team.proposed': 3, 'team.criticised': 3, 'team.revised': 3, 'team.voted': 3, 'team.decided': 1 },
    )
    assert.deepEqual(it.bugs, [])
  })

  test('shows its board while it goes on, and to those who break it off', async () => {
    await using it = await openEngine()
    const stuck = Promise.withResolvers<void>()
    it.engine(async (work, run, signal) => {
      if (work.is === 'model' && JSON.stringify(work.request.messages).includes('You are \\"cid\\"')) {
        stuck.resolve()
        await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
        return { is: 'ended', outcome: 'cancelled', data: {} }
      }
      return arguing(work, run, signal)
    })
    const run = await it.beginTeam(debate)
    await stuck.promise
    const board = async () => (it.runs.look(run, await it.runs.lines(run)).report as { board: JsonObject[] }).board
    await until(async () => (await board()).length === 2)
    assert.deepEqual((await board()).map(({ member }) => word(member)).toSorted(), ['ann', 'bob'])
    await it.runs.cancel(run, it.actor)
    assert.equal((await it.ended(run)).state, 'cancelled')
    assert.deepEqual((await membersOf(it, run)).map(({ state }) => state).toSorted(), [
      'cancelled',
      'completed',
      'completed',
    ])
    const kept = (await outputOf(it, run)).board.filter(({ kind }) => kind === 'proposed')
    assert.equal(kept.length, 2)
    assert.deepEqual(it.bugs, [])
  })

  test('that lost its quorum stops who is still at it, and then fails', async () => {
    await using it = await openEngine()
    it.engine(async (work, _, signal): Promise<StepEnd> => {
      assert.ok(work.is === 'model')
      if (!JSON.stringify(work.request.messages).includes('You are \\"cid\\"'))
        return { is: 'ended', outcome: 'error', data: { why: 'no model' } }
      await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
      return { is: 'ended', outcome: 'cancelled', data: {} }
    })
    const run = await it.ended(await it.beginTeam(debate))
    assert.match(run.error!, /^the quorum cannot be reached any more: 2 of 3 are needed, and 1 is left: .*no model/)
    assert.deepEqual((await membersOf(it, run)).map(({ state }) => state).toSorted(), ['cancelled', 'failed', 'failed'])
    assert.deepEqual(it.bugs, [])
  })

  test('asks for a form in place of what its agent answers with, and the agent stays as it is', async () => {
    await using it = await openEngine()
    const schema = { type: 'object', properties: { plan: { type: 'string' } }, required: ['plan'] }
    const forms = new Set<string>()
    it.engine((work, run, signal) => {
      if (work.is === 'model') {
        forms.add(Object.keys((work.request.output!['properties'] ?? {}) as object).join())
        const said = JSON.stringify(work.request.messages)
        if (/Propose your own|Answer the task anew/.test(said)) return says(JSON.stringify({ plan: 'bricks' }))
      }
      return arguing(work, run, signal)
    })
    const run = await it.ended(await it.beginTeam(aTeam({ protocol: debate.team.protocol }, { output: schema })))
    assert.deepEqual(forms, new Set(['plan', 'critique,best', 'choice,reason']))
    assert.deepEqual((await outputOf(it, run)).structured, { plan: 'bricks' })
  })

  test('has an expression merge what was said side by side', async () => {
    await using it = await openEngine()
    it.engine(() => says('three'))
    const merge = { is: 'expression', expression: '$join(answers.(member & ": " & response), ", ")' } as const
    const run = await it.ended(await it.beginTeam(aTeam({ protocol: { is: 'parallel', merge } })))
    assert.equal((await outputOf(it, run)).response, 'ann: three, bob: three, cid: three')
  })

  test('can begin as another did, and asks nobody again for what is known', async () => {
    await using it = await openEngine()
    it.engine(arguing)
    const first = await it.ended(await it.beginTeam(debate))
    const lines = await it.lines(first)
    const asked = it.carried.length
    const second = await it.ended(
      await it.runs.fork(first, lines.lastIndexOf('team.revised'), before => before, it.identity, it.actor),
    )
    assert.equal((await outputOf(it, second)).response, 'the better plan of bob')
    assert.equal(it.carried.length - asked, 3)
    const told = (await it.lines(second)).filter(type => type.startsWith('team.'))
    assert.equal(told.length, 13)
  })
})

for (const [name, url, skip] of [
  ['SQLite', null, false],
  ['PostgreSQL', postgres.url, postgres.skip],
] as const) {
  describe(`a run of a team on ${name} whose process is killed`, { skip }, () => {
    test('comes to the same anywhere else, and asks nobody again for what was written down', async () => {
      // The whole takes about fifty turns of the team and its members: less when several end at once.
      for (const turns of url === null ? [1, 2, 3, 5, 8, 13, 19, 25, 31] : [2, 9, 17, 25]) await killedAfter(turns, url)
    })
  })
}

/** Kills the process that begins a debate once it has written so many turns, and has another go on. */
async function killedAfter(turns: number, url: string | null): Promise<void> {
  await using it = await openEngine(url)
  const killed = Promise.withResolvers<void>()
  let dead = false
  let left = turns
  const mortal = (store: RunStore): RunStore => {
    const unless =
      <Given extends readonly unknown[], T>(act: (...given: Given) => Promise<T>) =>
      async (...given: Given): Promise<T> => {
        if (dead) throw fault('STORE_UNAVAILABLE', { why: 'this process is dead' })
        return act(...given)
      }
    return {
      ...store,
      claim: unless(store.claim),
      renew: unless(store.renew),
      holding: unless(store.holding),
      release: unless(store.release),
      told: unless(store.told),
      tell: unless(store.tell),
      lines: unless(store.lines),
      run: unless(store.run),
      advance: unless(async (...turn) => {
        // What was written just before is in the store, and nobody heard of it.
        await store.advance(...turn)
        if (--left === 0) {
          dead = true
          killed.resolve()
        }
        if (dead) throw fault('STORE_UNAVAILABLE', { why: 'this process is dead' })
      }),
    }
  }
  const asked: string[] = []
  const noting =
    (life: string): Play =>
    (work, run, signal) => {
      if (life === 'first' && dead)
        return new Promise(resolve => signal.addEventListener('abort', () => resolve({ is: 'dropped' })))
      asked.push(`${life} ${run.id} ${work.step}`)
      return arguing(work, run, signal)
    }
  it.engine(noting('first'), { lease: 200 }, mortal)
  const run = await it.beginTeam(debate)
  await Promise.race([killed.promise, it.ended(run)])
  assert.equal(dead, true, `it was over before ${turns} turns`)
  const answered = await answersOf(it, run)
  it.engine(noting('second'))
  const ended = await it.ended(run)
  assert.equal(ended.state, 'completed', `after ${turns} turns: ${ended.error}`)
  const { response, decision, dissent, board } = await outputOf(it, run)
  assert.equal(response, 'the better plan of bob')
  assert.deepEqual([decision!.votes.length, decision!.winner, dissent.length], [3, 'bob', 1])
  assert.equal(board.length, 12)
  assert.equal(new Set(board.map(({ step }) => step)).size, 12)
  const again = asked.filter(each => each.startsWith('second ')).map(each => each.slice('second '.length))
  assert.deepEqual(
    again.filter(each => answered.includes(each)),
    [],
  )
  assert.equal(new Set(again).size, again.length)
  const told = (await it.lines(run)).filter(type => type.startsWith('team.'))
  assert.equal(told.length, 13)
}

/** What was answered, as `run step`. */
async function answersOf(it: OpenEngine, run: Run): Promise<readonly string[]> {
  const members = await membersOf(it, run)
  const lines = await Promise.all(members.map(async each => ({ id: each.id, lines: await it.runs.lines(each) })))
  return lines.flatMap(({ id, lines: all }) =>
    all
      .filter(({ type }) => type === 'model.ended' || type === 'tool.ended')
      .map(({ data }) => `${id} ${word(data['step'])}`),
  )
}
