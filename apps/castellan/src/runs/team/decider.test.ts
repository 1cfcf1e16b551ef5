import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/index.ts'
import { ToldTeam } from './fixtures/told-team.ts'

/** As the forms of the protocol want it. */
const best = (name: string) => ({ critique: `${name} is best`, best: name })
const choice = (name: string) => ({ choice: name, reason: `since ${name} is sound` })
const turn = (answer: string, to: string | null) => ({ answer, hand_off_to: to })

describe('a sequential team', () => {
  const team = { protocol: { is: 'sequential' } } as const

  test('has one after the other go on from what those before have produced, and answers what the last one says', () => {
    const run = new ToldTeam(team)
    assert.deepEqual(run.open, ['answer.0.ann'])
    assert.match(
      run.message('answer.0.ann'),
      /^You are careful\.\n\nYou are "ann" of the team "trio"\.\n\n## Task\n\nBuild it\.$/,
    )
    run.says('answer.0.ann', 'first draft')
    assert.deepEqual(run.open, ['answer.0.bob'])
    assert.match(run.message('answer.0.bob'), /### ann\n\nfirst draft/)
    run.says('answer.0.bob', 'second draft')
    assert.match(run.message('answer.0.cid'), /first draft[^]*second draft/)
    run.says('answer.0.cid', 'done')
    assert.deepEqual([run.end?.is, run.output['response']], ['completed', 'done'])
    assert.deepEqual(run.board, ['1 answered ann', '2 answered bob', '3 answered cid'])
    assert.deepEqual(run.output['usage'], { input: 30, output: 15, cached: 0, guessed: false })
  })

  test('fails with who failed and why, and keeps what there is on the board', () => {
    const run = new ToldTeam(team)
    run.says('answer.0.ann', 'first draft')
    run.fails('answer.0.bob', 'no model')
    assert.equal(run.why, 'the member "bob" failed: no model; those after it have nothing to go on with')
    assert.deepEqual(run.board, ['1 answered ann', '2 member_failed bob'])
    assert.deepEqual(run.output['failed'], [{ member: 'bob', why: 'no model' }])
  })

  test('asks nobody else once its tokens are used up', () => {
    const run = new ToldTeam({ ...team, maxTokens: 30 })
    run.says('answer.0.ann', 'a')
    run.says('answer.0.bob', 'b')
    assert.equal(run.why, 'the team had used 30 of its 30 tokens before "cid" was asked')
  })
})

describe('a parallel team', () => {
  const begin = (merge: JsonObject) => new ToldTeam({ protocol: { is: 'parallel', merge: merge as never } })

  test('asks all at once, none knowing of the others, and puts what they say side by side in their order', () => {
    const run = begin({ is: 'concat' })
    assert.deepEqual(run.open, ['answer.0.ann', 'answer.0.bob', 'answer.0.cid'])
    run.says('answer.0.cid', 'c')
    run.says('answer.0.ann', 'a')
    assert.equal(run.end, null)
    run.says('answer.0.bob', 'b')
    assert.equal(run.output['response'], '## ann\n\na\n\n## bob\n\nb\n\n## cid\n\nc')
    // Whoever came first is first on the board, whatever its place in the team.
    assert.deepEqual(run.board, ['1 answered cid', '2 answered ann', '3 answered bob'])
  })

  test('of which some fail goes on with the others, and says so; without any it fails', () => {
    const run = begin({ is: 'concat' })
    run.fails('answer.0.ann', 'gone')
    run.says('answer.0.bob', 'b')
    run.says('answer.0.cid', 'c')
    assert.equal(run.output['response'], '## bob\n\nb\n\n## cid\n\nc')
    assert.deepEqual(run.output['failed'], [{ member: 'ann', why: 'gone' }])
    const nobody = begin({ is: 'concat' })
    for (const name of ['ann', 'bob', 'cid']) nobody.fails(`answer.0.${name}`, 'gone')
    assert.equal(nobody.why, 'nobody answered: "ann" failed (gone), "bob" failed (gone), "cid" failed (gone)')
  })

  test('that takes the first answer stops the others, who have not failed', () => {
    const run = begin({ is: 'first' })
    run.fails('answer.0.ann', 'gone')
    run.says('answer.0.cid', 'quick')
    assert.deepEqual(run.stops, ['answer.0.bob'])
    run.ends('answer.0.bob', 'cancelled')
    assert.equal(run.output['response'], 'quick')
    assert.deepEqual(run.output['failed'], [{ member: 'ann', why: 'gone' }])
  })

  test('that takes what most say counts the same words, and the same values in any order', () => {
    const run = begin({ is: 'majority' })
    run.says('answer.0.ann', '', { a: 1, b: 2 })
    run.says('answer.0.bob', '', { a: 2 })
    run.says('answer.0.cid', '', { b: 2, a: 1 })
    assert.deepEqual(run.output['structured'], { a: 1, b: 2 })
    assert.deepEqual(verdictOf(run), ['majority', 'ann', 2, 3])
    assert.deepEqual(run.dissenters, ['bob'])
    const divided = begin({ is: 'majority' })
    for (const name of ['ann', 'bob', 'cid']) divided.says(`answer.0.${name}`, name)
    assert.equal(divided.why, 'no answer is that of the majority: 2 of 3 must say the same, and it was 1, 1, 1')
  })

  test('that cannot have a majority any more stops those who are still at it', () => {
    const run = begin({ is: 'majority' })
    run.fails('answer.0.ann', 'gone')
    run.fails('answer.0.bob', 'lost')
    assert.deepEqual(run.stops, ['answer.0.cid'])
    run.ends('answer.0.cid', 'cancelled')
    assert.equal(
      run.why,
      'no answer can be that of the majority any more: 2 of 3 are needed, and 1 is left: "ann" failed (gone), "bob" failed (lost)',
    )
  })

  test('has an expression make one of all answers, evaluated once', () => {
    const run = begin({ is: 'expression', expression: '$count(answers)' })
    for (const name of ['ann', 'bob', 'cid']) run.says(`answer.0.${name}`, name)
    assert.deepEqual(run.open, [':merge'])
    const { template, scope } = run.computation(':merge')
    assert.equal(template, '=$count(answers)')
    assert.deepEqual(
      (scope['answers'] as readonly JsonObject[]).map(({ member, response }) => [member, response]),
      [
        ['ann', 'ann'],
        ['bob', 'bob'],
        ['cid', 'cid'],
      ],
    )
    run.ends(':merge', 'ok', { value: 3 })
    assert.deepEqual([run.output['response'], run.output['structured']], ['3', 3])
  })

  test('has an agent make one of all answers', () => {
    const run = begin({ is: 'agent', agent: 'editor' })
    for (const name of ['ann', 'bob', 'cid']) run.says(`answer.0.${name}`, `${name} says`)
    assert.deepEqual(run.open, ['merge.0.editor'])
    assert.match(run.message('merge.0.editor'), /ann says[^]*bob says[^]*cid says[^]*Make one answer/)
    run.says('merge.0.editor', 'all say')
    assert.equal(run.output['response'], 'all say')
  })
})

describe('a collaborative team', () => {
  const begin = (said: JsonObject = {}, maxTokens: number | null = null) =>
    new ToldTeam({
      maxTokens,
      protocol: {
        is: 'collaborative',
        rounds: 1,
        decide: { is: 'vote' },
        quorum: 'majority',
        earlyStop: true,
        ...said,
      } as never,
    })
  const members = ['ann', 'bob', 'cid']
  const propose = (run: ToldTeam) => members.forEach(name => run.says(`propose.0.${name}`, `the plan of ${name}`))
  const argue = (run: ToldTeam, round: number, ...names: readonly string[]) => {
    members.forEach((name, index) => run.says(`criticise.${round}.${name}`, '', best(names[index]!)))
    if (run.end === null) members.forEach(name => run.says(`revise.${round}.${name}`, `plan ${round} of ${name}`))
  }
  const vote = (run: ToldTeam, round: number, ...names: readonly string[]) =>
    members.forEach((name, index) => run.says(`vote.${round}.${name}`, '', choice(names[index]!)))

  test('proposes blindly, criticises, revises and votes; the winner answers, and dissent is recorded', () => {
    const run = begin()
    assert.deepEqual(run.open, ['propose.0.ann', 'propose.0.bob', 'propose.0.cid'])
    for (const step of run.open) assert.doesNotMatch(run.message(step), /the plan of/)
    propose(run)
    assert.deepEqual(run.open, ['criticise.1.ann', 'criticise.1.bob', 'criticise.1.cid'])
    assert.match(run.message('criticise.1.cid'), /the plan of ann[^]*the plan of bob[^]*the plan of cid/)
    argue(run, 1, 'ann', 'bob', 'bob')
    assert.deepEqual(run.open, ['vote.1.ann', 'vote.1.bob', 'vote.1.cid'])
    assert.match(run.message('vote.1.ann'), /plan 1 of bob/)
    vote(run, 1, 'ann', 'bob', 'bob')
    assert.equal(run.output['response'], 'plan 1 of bob')
    assert.deepEqual(verdictOf(run), ['vote', 'bob', 2, 3])
    assert.deepEqual(run.output['dissent'], [{ member: 'ann', choice: 'ann', reason: 'since ann is sound' }])
    assert.deepEqual(run.told.at(-1), {
      type: 'team.decided',
      step: ':decision',
      data: {
        by: 'vote',
        winner: 'bob',
        needed: 2,
        of: 3,
        votes: 3,
        version: 12,
        dissent: [{ member: 'ann', choice: 'ann' }],
      },
    })
    assert.deepEqual(
      run.told.map(({ type }) => type).filter((type, index, all) => all.indexOf(type) === index),
      ['team.proposed', 'team.criticised', 'team.revised', 'team.voted', 'team.decided'],
    )
  })

  test('tells each the critiques of the others, and asks for forms where it counts', () => {
    const run = begin()
    propose(run)
    members.forEach(name => run.says(`criticise.1.${name}`, '', { critique: `${name} objects`, best: name }))
    const told = run.message('revise.1.ann')
    assert.match(told, /bob objects[^]*cid objects/)
    assert.doesNotMatch(told, /ann objects/)
    assert.deepEqual(run.form('criticise.1.ann')!['required'], ['critique', 'best'])
    members.forEach(name => run.says(`revise.1.${name}`, name))
    const { properties } = run.form('vote.1.ann') as { properties: Record<string, JsonObject> }
    assert.deepEqual(properties['choice'], { type: 'string', enum: members })
    // What is proposed is as the agent's own schema says.
    assert.equal(run.form('propose.0.ann'), null)
  })

  test('stops early when all hold the same to be the best, and does not when it is not to', () => {
    const run = begin({ rounds: 3 })
    propose(run)
    argue(run, 1, 'cid', 'cid', 'cid')
    assert.equal(run.output['response'], 'the plan of cid')
    assert.deepEqual(verdictOf(run), ['agreement', 'cid', 2, 3])
    const patient = begin({ earlyStop: false })
    propose(patient)
    argue(patient, 1, 'cid', 'cid', 'cid')
    assert.deepEqual(patient.open, ['vote.1.ann', 'vote.1.bob', 'vote.1.cid'])
  })

  test('goes no further than its rounds', () => {
    const run = begin({ rounds: 2 })
    propose(run)
    argue(run, 1, 'ann', 'bob', 'cid')
    argue(run, 2, 'ann', 'bob', 'cid')
    assert.deepEqual(run.open, ['vote.2.ann', 'vote.2.bob', 'vote.2.cid'])
    const none = begin({ rounds: 0 })
    propose(none)
    assert.deepEqual(none.open, ['vote.0.ann', 'vote.0.bob', 'vote.0.cid'])
  })

  test('without its quorum fails, says how it was, and keeps the votes', () => {
    const run = begin({ rounds: 0, quorum: 'unanimous' })
    propose(run)
    vote(run, 0, 'ann', 'ann', 'cid')
    assert.equal(
      run.why,
      'no proposal reached the quorum: 3 of 3 must agree, and the votes were 2 for "ann", 1 for "cid"',
    )
    assert.deepEqual(run.dissenters, members)
    const tied = begin({ rounds: 0, quorum: 0.3 })
    propose(tied)
    vote(tied, 0, 'ann', 'bob', 'cid')
    assert.match(tied.why!, /1 of 3 must agree, and the votes were 1 for "ann", 1 for "bob", 1 for "cid"/)
  })

  test('goes on without a member who failed, as long as the quorum can be reached', () => {
    const run = begin()
    run.says('propose.0.ann', 'a')
    run.fails('propose.0.bob', 'gone')
    run.says('propose.0.cid', 'c')
    assert.deepEqual(run.open, ['criticise.1.ann', 'criticise.1.cid'])
    assert.doesNotMatch(run.message('criticise.1.ann'), /### bob/)
    run.says('criticise.1.ann', '', best('ann'))
    run.says('criticise.1.cid', '', best('ann'))
    assert.deepEqual(verdictOf(run), ['agreement', 'ann', 2, 3])
    assert.deepEqual(run.output['failed'], [{ member: 'bob', why: 'gone' }])
  })

  test('that lost its quorum fails at once, and stops whoever is still at it', () => {
    const run = begin()
    run.fails('propose.0.ann', 'gone')
    run.fails('propose.0.bob', 'lost')
    assert.deepEqual(run.stops, ['propose.0.cid'])
    run.ends('propose.0.cid', 'cancelled')
    assert.equal(
      run.why,
      'the quorum cannot be reached any more: 2 of 3 are needed, and 1 is left: "ann" failed (gone), "bob" failed (lost)',
    )
  })

  test('whose tokens are used up begins no further part of a round, and votes on what there is', () => {
    const early = begin({ rounds: 3 }, 40)
    propose(early)
    assert.deepEqual(early.open, ['vote.0.ann', 'vote.0.bob', 'vote.0.cid'])
    vote(early, 0, 'ann', 'ann', 'bob')
    assert.deepEqual([early.output['response'], early.output['cut']], ['the plan of ann', 'tokens'])
    const later = begin({ rounds: 3 }, 90)
    propose(later)
    members.forEach(name => later.says(`criticise.1.${name}`, '', best(name)))
    assert.deepEqual(later.open, ['vote.1.ann', 'vote.1.bob', 'vote.1.cid'])
  })

  test('has a judge choose, and records who held another to be the best', () => {
    const run = begin({ decide: { is: 'judge', agent: 'editor' } })
    propose(run)
    argue(run, 1, 'ann', 'bob', 'ann')
    assert.deepEqual(run.open, ['judge.1.editor'])
    run.says('judge.1.editor', '', choice('bob'))
    assert.equal(run.output['response'], 'plan 1 of bob')
    assert.deepEqual(verdictOf(run), ['judge', 'bob', 2, 3])
    assert.deepEqual(run.dissenters, ['ann', 'cid'])
    const without = begin({ rounds: 0, decide: { is: 'judge', agent: 'editor' } })
    propose(without)
    without.fails('judge.0.editor', 'asleep')
    assert.equal(without.why, 'the judge "editor" failed: asleep')
  })
})

describe('a team that hands over', () => {
  const begin = (mostHandoffs: number) => new ToldTeam({ protocol: { is: 'handoff', start: 'bob', mostHandoffs } })

  test('goes from one to the other, with what was done before, until one answers', () => {
    const run = begin(5)
    assert.deepEqual(run.open, ['turn.1.bob'])
    assert.match(run.message('turn.1.bob'), /- ann: You are careful\.\n- cid/)
    run.says('turn.1.bob', '', turn('it is about money', 'cid'))
    assert.match(run.message('turn.2.cid'), /### bob\n\nit is about money\n\n\(hands over to cid\)/)
    run.says('turn.2.cid', '', turn('back to you', 'bob'))
    run.says('turn.3.bob', '', turn('paid', null))
    assert.equal(run.output['response'], 'paid')
    assert.deepEqual(run.board, ['1 handed_off bob', '2 handed_off cid', '3 answered bob'])
    assert.deepEqual(run.told[0], {
      type: 'team.handed_off',
      step: 'turn.1.bob',
      data: { member: 'bob', round: 1, version: 1, run: 'run of turn.1.bob', to: 'cid' },
    })
  })

  test('hands over no more often than it may: whoever has it then can only answer', () => {
    const run = begin(1)
    run.says('turn.1.bob', '', turn('', 'ann'))
    const { properties } = run.form('turn.2.ann') as { properties: Record<string, JsonValue> }
    assert.deepEqual(properties['hand_off_to'], { type: 'null' })
    assert.match(run.message('turn.2.ann'), /Nobody is left to hand over to/)
    run.says('turn.2.ann', '', turn('done', null))
    assert.equal(run.output['response'], 'done')
  })
})

describe('a member', () => {
  test('is a run of its agent, with what that has and nothing else, and the context everybody gets', () => {
    const run = new ToldTeam({ protocol: { is: 'sequential' } })
    const ask = run.ask('answer.0.ann')
    assert.ok(ask.is === 'run' && isJsonObject(ask.wish.input) && isJsonObject(ask.wish.definition))
    assert.deepEqual([ask.wish.kind, ask.wish.name, ask.wish.subject], ['agent', 'clerk', 'id of clerk'])
    assert.deepEqual(ask.wish.input['context'], { site: 'north' })
    assert.equal((ask.wish.definition['tools'] as readonly unknown[]).length, 1)
  })
})

describe('a decision that is looked at again', () => {
  test('is the same, and asks for nothing that was asked for', () => {
    const run = new ToldTeam({ protocol: { is: 'parallel', merge: { is: 'concat' } } })
    assert.deepEqual(run.decide().asks, [])
    run.says('answer.0.ann', 'a')
    assert.deepEqual(run.decide().asks, [])
    assert.deepEqual(run.decide(), run.decide())
  })
})

function verdictOf(run: ToldTeam): readonly unknown[] {
  const { by, winner, needed, of } = run.output['decision'] as JsonObject
  return [by, winner, needed, of]
}
