import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ajvValidator } from '../../adapters/schema-ajv/index.ts'
import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import type { End, Happening } from '../decider.ts'
import { anAgent, asJson, gives, openEngine } from '../fixtures/open-engine.ts'
import { expressions } from '../workflow/fixtures/a-workflow.ts'
import { agentDecider } from './agent-decider.ts'
import type { AgentDefinition, AgentOutput } from './definition.ts'
import { checkRules, type Rule } from './rules.ts'

const decider = agentDecider(ajvValidator())

/** Looks at the clock of a zone, and says what it saw. */
const rules: readonly Rule[] = [
  { when: 'observations[-1].is_error', do: { answer: "='It failed: ' & observations[-1].text" } },
  { when: '$count(observations) > 0', do: { answer: '=observations[-1].text' } },
  { when: "$contains(message, 'time')", do: { tool: 'clock__now', args: { zone: '=context.zone' } } },
]

const began = (definition: Partial<AgentDefinition> = {}): Happening => ({
  is: 'began',
  at: 0,
  definition: asJson(anAgent({ models: [], rules, ...definition })),
  input: { message: 'What is the time?', context: { zone: 'UTC' } },
})
const comesTo = (step: string, value: JsonValue): Happening => ended(step, 'ok', { value })
const tells = (step: string, text: string, at = 20): Happening =>
  ended(step, 'ok', { result: { content: [{ type: 'text', text }] } }, {}, at)

function ended(step: string, outcome: string, payload: JsonValue, data: JsonObject = {}, at = 10): Happening {
  return { is: 'ended', at, step, outcome, data, payload }
}

function after(happenings: readonly Happening[], now = 100) {
  const state = happenings.reduce<ReturnType<typeof decider.begin>>(decider.evolve, decider.begin())
  return { ...decider.decide(state, now), compute: (step: string) => decider.compute!(state, step) }
}

function outputOf(end: End | null): AgentOutput {
  assert.ok(end)
  return end.output as unknown as AgentOutput
}

const calling = [began(), comesTo('r1', 2), comesTo('r1:do', { do: { zone: 'UTC' } })]

describe('an agent that goes by rules', () => {
  test('has the first that fits found, with all it knows, and no model is asked', () => {
    const { asks, compute } = after([began()])
    assert.deepEqual(asks, [{ is: 'compute', step: 'r1' }])
    const { template, scope } = compute('r1')
    assert.match(String(template), /^=\(\(observations\[-1\]\.is_error\) = true\) \? 0 : \(\(\$count/)
    const known = { message: 'What is the time?', context: { zone: 'UTC' }, observations: [], iteration: 1 }
    assert.deepEqual(scope, known)
  })

  test('calls what the rule says, once its arguments are known, and observes what comes of it', () => {
    const chosen = after(calling.slice(0, 2))
    assert.deepEqual(chosen.asks, [{ is: 'compute', step: 'r1:do' }])
    assert.deepEqual(chosen.compute('r1:do').template, { do: { zone: '=context.zone' } })
    const { asks } = after(calling)
    const args = { zone: 'UTC' }
    assert.deepEqual(asks, [{ is: 'tool', step: 't1.1', tool: 'clock__now', args, timeout: 30_000 }])
    const observed = after([...calling, tells('t1.1', '12:00')])
    assert.deepEqual(observed.asks, [{ is: 'compute', step: 'r2' }])
    const [seen] = observed.compute('r2').scope['observations'] as readonly JsonObject[]
    const result = { content: [{ type: 'text', text: '12:00' }] }
    assert.deepEqual(seen, { tool: 'clock__now', args, outcome: 'ok', is_error: false, text: '12:00', result })
  })

  test('is done when a rule answers', () => {
    const { ends } = after([...calling, tells('t1.1', '12:00'), comesTo('r2', 1), comesTo('r2:do', { do: '12:00' })])
    assert.equal(ends?.is, 'completed')
    const { response, cut, model, usage, iterations } = outputOf(ends)
    assert.deepEqual([response, cut, model, iterations], ['12:00', null, '', 2])
    assert.deepEqual(usage, { input: 0, output: 0, cached: 0, guessed: false })
  })

  test('needs nothing evaluated of a rule that says it plainly', () => {
    const plain: readonly Rule[] = [{ when: 'true', do: { answer: { so: 'be it' } } }]
    const { ends } = after([began({ rules: plain }), comesTo('r1', 0)])
    assert.deepEqual([outputOf(ends).response, outputOf(ends).structured], ['{"so":"be it"}', { so: 'be it' }])
  })

  test('fails with a sentence when no rule fits, one cannot be evaluated, or wants what is not there', () => {
    const absent: readonly Rule[] = [{ when: 'true', do: { tool: 'files__read', args: {} } }]
    for (const [happened, why] of [
      [[began(), comesTo('r1', null)], /^no rule fits in turn 1$/],
      [
        [began(), ended('r1', 'error', null, { why: 'it is too deep' })],
        /^the rules cannot be evaluated: it is too deep$/,
      ],
      [[...calling.slice(0, 2), ended('r1:do', 'error', null, { why: 'no' })], /^rule 3: no$/],
      [[began({ rules: absent }), comesTo('r1', 0)], /^rule 1 wants the tool "files__read", which is not there$/],
    ] as const) {
      const { ends } = after(happened)
      assert.ok(ends?.is === 'failed')
      assert.match(ends.why, why)
    }
  })

  test('learns of a denial like of any end', () => {
    const denied = [...calling, ended('t1.1', 'denied_policy', { message: 'You may not.' })]
    const [seen] = after(denied).compute('r2').scope['observations'] as readonly JsonObject[]
    assert.deepEqual([seen!['outcome'], seen!['is_error'], seen!['text']], ['denied_policy', true, 'You may not.'])
  })

  test('calls nothing more at a limit, and hands back what it saw last', () => {
    const again = (turn: number, zone = 'UTC') => [comesTo(`r${turn}`, 2), comesTo(`r${turn}:do`, { do: { zone } })]
    const twice = [began({ maxIterations: 2 }), ...again(1), tells('t1.1', '12:00'), ...again(2)]
    assert.deepEqual([outputOf(after(twice).ends).cut, outputOf(after(twice).ends).response], ['iterations', '12:00'])
    const late = [began({ timeout: 1_000 }), ...again(1), tells('t1.1', '12:00', 1_000), ...again(2, 'CET')]
    assert.equal(outputOf(after(late).ends).cut, 'timeout')
    const same = [began(), ...[1, 2, 3].flatMap(turn => [...again(turn), tells(`t${turn}.1`, '12:00')]), ...again(4)]
    assert.equal(outputOf(after(same).ends).cut, 'loop')
  })

  test('answers by its schema, or fails', () => {
    const output = { type: 'object', required: ['at'] }
    const answering = (answer: JsonValue) =>
      after([began({ output, rules: [{ when: 'true', do: { answer } }] }), comesTo('r1', 0)]).ends
    assert.deepEqual(outputOf(answering({ at: 12 })).structured, { at: 12 })
    assert.deepEqual(outputOf(answering('{"at":12}')).structured, { at: 12 })
    for (const wrong of ['noon', { on: 12 }]) assert.equal(answering(wrong)?.is, 'failed')
  })
})

test('a run by rules on a real store evaluates them, and is the same each time', async () => {
  await using it = await openEngine()
  it.engine(work =>
    work.is === 'tool' ? gives(`12:00 ${String(work.args['zone'])}`) : assert.fail('a model was asked'),
  )
  const runs = []
  for (let count = 0; count < 2; count++) runs.push(await it.execute({ models: [], rules: withZone }))
  const lines = await Promise.all(runs.map(run => it.lines(run)))
  assert.deepEqual(lines[0], [
    'run.queued',
    'run.started',
    'compute.requested',
    'compute.ended',
    'compute.requested',
    'compute.ended',
    'tool.requested',
    'tool.ended',
    'compute.requested',
    'compute.ended',
    'compute.requested',
    'compute.ended',
    'run.completed',
  ])
  assert.deepEqual(lines[1], lines[0])
  for (const run of runs) {
    const { response } = (await it.runs.lines(run)).at(-1)!.payload as unknown as AgentOutput
    assert.equal(response, '12:00 UTC')
  }
  assert.deepEqual(it.bugs, [])
})

/** The context of these runs is empty. */
const withZone = rules.map(rule =>
  'tool' in rule.do ? { ...rule, do: { ...rule.do, args: { zone: "='U' & 'TC'" } } } : rule,
)

test('rules are checked when they are said, each by itself', async () => {
  const check = (rule: Rule) => checkRules([rules[0]!, rule], expressions)
  await checkRules(rules, expressions)
  for (const [rule, message] of [
    [{ when: '(', do: { answer: '' } }, /^.*brain\.rules\.1\.when: is no expression: /],
    [{ when: '1) = true ? 5 : (2', do: { answer: '' } }, /brain\.rules\.1\.when: is no expression/],
    [{ when: 'true /* ', do: { answer: '' } }, /brain\.rules\.1\.when: is no expression/],
    [{ when: '=true', do: { answer: { a: ['=$('] } } }, /brain\.rules\.1\.do\.answer\.a\.0: /],
    [{ when: 'true', do: { tool: 'x', args: { a: '=(' } } }, /brain\.rules\.1\.do\.args\.a: /],
  ] as const)
    await assert.rejects(check(rule), { code: 'REQUEST_INVALID', message })
})
