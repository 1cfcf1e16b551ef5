import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ajvValidator } from '../../adapters/schema-ajv/index.ts'
import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import { anAgent, asJson } from '../fixtures/open-engine.ts'
import type { End, Happening } from '../decider.ts'
import { guessUsage } from '../guess-usage.ts'
import type { Message } from '../model.ts'
import { agentDecider } from './agent-decider.ts'
import type { AgentDefinition, AgentOutput } from './definition.ts'

const decider = agentDecider(ajvValidator())

const began = (definition: Partial<AgentDefinition> = {}, context: JsonValue = null): Happening => ({
  is: 'began',
  at: 0,
  definition: asJson(anAgent(definition)),
  input: { message: 'What is the time?', context },
})
const wants = (step: string, calls: readonly { id: string; tool: string; args: JsonValue }[], at = 10): Happening =>
  answers(step, '', { calls: calls as unknown as JsonValue, finish: 'calls' }, at)
const answers = (step: string, text: string, more: JsonObject = {}, at = 10): Happening =>
  ended(step, 'ok', { text, calls: [], finish: 'stop', ...more }, { answered_by: 'm', tokens_in: 3, tokens_out: 2 }, at)
const gives = (step: string, text: string): Happening =>
  ended(step, 'ok', { result: { content: [{ type: 'text', text }] } }, {}, 20)

function ended(step: string, outcome: string, payload: JsonValue, data: JsonObject = {}, at = 10): Happening {
  return { is: 'ended', at, step, outcome, data, payload }
}

function outputOf(end: End | null): AgentOutput {
  assert.ok(end)
  return end.output as unknown as AgentOutput
}

/** What is decided after all this, at a time. */
function after(happenings: readonly Happening[], now = 100) {
  const state = happenings.reduce(decider.evolve, decider.begin())
  return {
    ...decider.decide(state, now),
    told: (step: string): readonly Message[] => decider.request(state, step).messages,
    request: (step: string) => decider.request(state, step),
  }
}

const call = (id: string, args: JsonValue = {}, tool = 'clock__now') => ({ id, tool, args })

describe('an agent', () => {
  test('begins by asking its model, with what it was told and what it should know', () => {
    const { asks, told } = after([began({}, { order: 17 })])
    assert.deepEqual(asks, [{ is: 'model', step: 'm1.1.1', model: 'test/one', timeout: 119_900 }])
    assert.deepEqual(told('m1.1.1'), [
      { role: 'system', text: 'You are a clerk.' },
      { role: 'user', text: 'What is the time?\n\nContext, as JSON:\n{"order":17}' },
    ])
  })

  test('asks for each call of an answer, and for the model again once all of them are known', () => {
    const wanting = [began(), wants('m1.1.1', [call('a', { zone: 'UTC' }), call('b', { zone: 'CET' })])]
    assert.deepEqual(
      after(wanting).asks.map(ask => ask.step),
      ['t1.1', 't1.2'],
    )
    assert.deepEqual(
      after([...wanting, gives('t1.2', '13:00')]).asks.map(ask => ask.step),
      ['t1.1'],
    )
    const { asks, told } = after([...wanting, gives('t1.2', '13:00'), gives('t1.1', '12:00')])
    assert.deepEqual(
      asks.map(ask => ask.step),
      ['m2.1.1'],
    )
    assert.deepEqual(told('m2.1.1').slice(-2), [
      { role: 'tool', call: 'a', tool: 'clock__now', text: '12:00', isError: false },
      { role: 'tool', call: 'b', tool: 'clock__now', text: '13:00', isError: false },
    ])
  })

  test('decides the same however often it is asked', () => {
    const wanting = [began(), wants('m1.1.1', [call('a')])]
    assert.deepEqual(after(wanting).asks, after(wanting).asks)
  })

  test('is done when its model answers and wants nothing', () => {
    const { ends } = after([began(), answers('m1.1.1', 'Noon.')])
    assert.ok(ends?.is === 'completed')
    const output = ends.output as unknown as AgentOutput
    assert.deepEqual(
      [output.response, output.cut, output.model, output.iterations, output.usage],
      ['Noon.', null, 'test/one', 1, { input: 3, output: 2, cached: 0, guessed: false }],
    )
  })

  test('makes no call of what it has not, or with what is no object, and tells its model so', () => {
    const wanting = [call('a', {}, 'files__read'), call('b', 'not json')]
    const { asks, told } = after([began(), wants('m1.1.1', wanting)])
    assert.deepEqual(
      asks.map(ask => ask.step),
      ['m2.1.1'],
    )
    const [unknown, malformed] = told('m2.1.1').slice(-2)
    assert.match(unknown!.text, /There is no tool "files__read". There are: clock__now/)
    assert.match(malformed!.text, /not a JSON object/)
  })

  test('tells its model the truth of a call whose end nobody knows', () => {
    const happened = [began(), wants('m1.1.1', [call('a')]), ended('t1.1', 'indeterminate', { message: 'Gone.' })]
    assert.match(after(happened).told('m2.1.1').at(-1)!.text, /^The outcome is unknown.*Do not repeat it\. Gone\.$/)
  })

  test('makes the very same call three times and not a fourth', () => {
    const happened: Happening[] = [began()]
    for (let turn = 1; turn <= 4; turn++)
      happened.push(wants(`m${turn}.1.1`, [call(`c${turn}`, { zone: 'UTC' })]), gives(`t${turn}.1`, '12:00'))
    const { asks, told } = after(happened)
    assert.deepEqual(
      asks.map(ask => ask.step),
      ['m5.1.1'],
    )
    assert.match(told('m5.1.1').at(-1)!.text, /3 times with the very same arguments/)
  })
})

describe('an agent at a limit', () => {
  test('is asked once more, without tools, for what it has', () => {
    const happened = [began({ maxIterations: 2 }), wants('m1.1.1', [call('a')]), gives('t1.1', '12:00')]
    const { asks, request } = after(happened)
    assert.deepEqual(
      asks.map(ask => ask.step),
      ['m2.1.1'],
    )
    assert.equal(request('m2.1.1').toolChoice, 'none')
    assert.match(request('m2.1.1').messages.at(-1)!.text, /used all your turns/)
    // Whatever it wants besides is not called.
    const { ends } = after([...happened, wants('m2.1.1', [call('b')])])
    assert.equal(outputOf(ends).cut, 'iterations')
  })

  test('of time likewise, and what is under way then has ten seconds', () => {
    const happened = [began({ timeout: 10_000 }), wants('m1.1.1', [call('a')], 9_000)]
    assert.deepEqual(
      after(happened, 9_000).asks.map(ask => 'timeout' in ask && ask.timeout),
      [10_000],
    )
    const late = [began({ timeout: 10_000 }), wants('m1.1.1', [call('a')], 11_000), gives('t1.1', '12:00')]
    assert.match(after(late, 11_000).told('m2.1.1').at(-1)!.text, /time is up/)
  })
})

describe('a model that is not to be had', () => {
  const fails = (step: string, outcome: string, at: number, data: JsonObject = {}) =>
    ended(step, outcome, null, { why: 'no answer', ...data }, at)

  test('is asked three times, with growing pauses, as long as it asks for at least', () => {
    const once = [began(), fails('m1.1.1', 'unavailable', 1_000)]
    assert.deepEqual([after(once, 1_200).asks, after(once, 1_200).until], [[], 1_500])
    assert.deepEqual(
      after(once, 1_500).asks.map(ask => ask.step),
      ['m1.1.2'],
    )
    const asked = [began(), fails('m1.1.1', 'unavailable', 1_000, { retry_after_ms: 7_000 })]
    assert.equal(after(asked, 1_200).until, 8_000)
  })

  test('makes room for the next one, at once when asking again is of no use', () => {
    const models = ['test/one', 'test/two']
    const { asks } = after([began({ models }), fails('m1.1.1', 'error', 10)])
    assert.deepEqual(
      asks.map(ask => [ask.step, 'model' in ask && ask.model]),
      [['m1.2.1', 'test/two']],
    )
  })

  test('ends the run with what it says when there is no other', () => {
    const { ends } = after([began(), fails('m1.1.1', 'error', 10)])
    assert.deepEqual([ends?.is, ends?.is === 'failed' && ends.why], ['failed', 'no answer'])
  })
})

describe('an answer by a schema', () => {
  const output = { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] }

  test('is what it wants', () => {
    const { ends } = after([began({ output }), answers('m1.1.1', '{"at":"noon"}')])
    assert.deepEqual(outputOf(ends).structured, { at: 'noon' })
  })

  test('is asked for again with what is wrong, twice, and then the run fails', () => {
    const happened = [began({ output }), answers('m1.1.1', 'Noon.')]
    assert.match(after(happened).told('m2.1.1').at(-1)!.text, /does not fit its schema: it is no JSON/)
    happened.push(answers('m2.1.1', '{}'))
    assert.match(after(happened).told('m3.1.1').at(-1)!.text, /'at'|"at"/)
    happened.push(answers('m3.1.1', '{"at":12}'))
    const { ends } = after(happened)
    assert.ok(ends?.is === 'failed')
    assert.match(ends.why, /\/at/)
  })
})

describe('a conversation that becomes too long', () => {
  const window = 2_000
  /** 500 tokens or so. */
  const long = (of: string) => `${of} ${'x'.repeat(2_000)}`
  /** Turns that each have a result of 500 tokens; the last says something. */
  const turns = (count: number, saying = '') =>
    Array.from({ length: count }, (_, index) => {
      const turn = index + 1
      const text = turn === count ? saying : ''
      const wanted = { calls: [call(`call-${turn}`, { turn })] as unknown as JsonValue, finish: 'calls' }
      return [answers(`m${turn}.1.1`, text, wanted), gives(`t${turn}.1`, long(`result ${turn}`))]
    }).flat()
  const full = (saying = '') => [began({ contextTokens: window }), ...turns(4, saying)]
  const steps = (happened: readonly Happening[], now = 100) => after(happened, now).asks.map(ask => ask.step)

  test('is summarised before the next turn, as a step of its own, and the last turns stay as they are', () => {
    assert.deepEqual(steps(full().slice(0, -2)), ['m4.1.1'])
    assert.deepEqual(steps(full()), ['s5.1.1'])
    const { messages, tools, toolChoice } = after(full()).request('s5.1.1')
    assert.deepEqual([tools, toolChoice, messages.map(({ role }) => role)], [[], 'none', ['system', 'user']])
    assert.match(messages[1]!.text, /^assistant: calls clock__now \(call-1\) with \{"turn":1\}/)
    assert.match(messages[1]!.text, /clock__now \(call-2\) said: result 2 x+/)
    const told = [...full(), answers('s5.1.1', 'Two and three were seen.')]
    assert.deepEqual(steps(told), ['m5.1.1'])
    const said = after(told).told('m5.1.1')
    assert.deepEqual(
      said.slice(0, 2).map(({ text }) => text),
      ['You are a clerk.', 'What is the time?'],
    )
    assert.deepEqual(said[2], {
      role: 'user',
      text: 'What happened so far, in short, since the conversation became too long:\nTwo and three were seen.',
    })
    assert.deepEqual(
      said.slice(3).map(each => (each.role === 'tool' ? each.text : each.role)),
      ['assistant', long('result 4')],
    )
    const { ends } = after([...told, answers('m5.1.1', 'Done.')])
    assert.deepEqual([outputOf(ends).iterations, outputOf(ends).usage.input], [5, 6 * 3])
  })

  test('keeps, word for word, the results that the turns which stay speak of, with their calls', () => {
    const told = [...full('As call-2 said, and not call-22.'), answers('s5.1.1', 'In short.')]
    assert.deepEqual(
      after(told)
        .told('m5.1.1')
        .slice(3)
        .map(each => (each.role === 'assistant' ? each.calls.map(({ id }) => id) : each.text)),
      [['call-2'], long('result 2'), ['call-4'], long('result 4')],
    )
    // A name speaks of all that the tool has said.
    const named = [...full('As clock__now said.'), answers('s5.1.1', 'In short.')]
    assert.equal(
      after(named)
        .told('m5.1.1')
        .filter(({ role }) => role === 'tool').length,
      4,
    )
  })

  test('is made short in the very same way by whoever goes on after a crash', () => {
    for (const happened of [full(), [...full(), answers('s5.1.1', 'In short.')]]) {
      const [one, other] = [after(happened), after(structuredClone(happened))]
      assert.deepEqual(one.asks, other.asks)
      const { step } = one.asks[0]!
      assert.deepEqual(one.request(step), other.request(step))
    }
  })

  test('is summarised again, with the summary, when it has become too long again', () => {
    const happened = [...full(), answers('s5.1.1', 'FIRST')]
    for (const turn of [5, 6, 7])
      happened.push(
        wants(`m${turn}.1.1`, [call(`call-${turn}`, { turn })]),
        gives(`t${turn}.1`, long(`result ${turn}`)),
      )
    assert.deepEqual(steps(happened), ['s8.1.1'])
    assert.match(after(happened).told('s8.1.1')[1]!.text, /^user: What happened so far.*\nFIRST/)
    assert.doesNotMatch(after(happened).told('s8.1.1')[1]!.text, /result 1/)
  })

  test('is asked for again like any answer, and without a summary old results are cut, the longest first, with a mark', () => {
    const away = (step: string, outcome = 'unavailable') => ended(step, outcome, null, { why: 'away' }, 1_000)
    const once = [...full(), away('s5.1.1')]
    assert.deepEqual([steps(once, 1_100), steps(once, 1_500)], [[], ['s5.1.2']])
    for (const failed of [
      [...once, away('s5.1.2'), away('s5.1.3')],
      [...full(), away('s5.1.1', 'error')],
      [...full(), away('s5.1.1', 'denied_budget')],
      [...full(), answers('s5.1.1', ' ')],
    ]) {
      assert.deepEqual(steps(failed, 60_000), ['m5.1.1'])
      const request = after(failed).request('m5.1.1')
      const results = request.messages.flatMap(each => (each.role === 'tool' ? [each.text] : []))
      assert.equal(results.length, 4)
      assert.match(results[0]!, /^result 1 x+\n\[\d+ more characters were left out: the conversation is too long\]$/)
      assert.equal(results[3], long('result 4'))
      assert.ok(guessUsage(request, { text: '', calls: [] }).input <= window)
      // The next turn tries again.
      const next = [...failed, wants('m5.1.1', [call('call-5', {})]), gives('t5.1', long('result 5'))]
      assert.deepEqual(steps(next, 60_000), ['s6.1.1'])
    }
  })

  test('has a single result that is larger than the window cut with a mark, and nobody is asked for a summary', () => {
    const huge = `${'\u4e16'.repeat(4_000)}${'x'.repeat(20_000)}`
    const happened = [began({ contextTokens: window }), wants('m1.1.1', [call('a')]), gives('t1.1', huge)]
    assert.deepEqual(steps(happened), ['m2.1.1'])
    const request = after(happened).request('m2.1.1')
    assert.match(request.messages.at(-1)!.text, /^\u4e16+\n\[\d+ more characters were left out/)
    const { input } = guessUsage(request, { text: '', calls: [] })
    assert.ok(input <= window && input > window * 0.8, String(input))
  })

  test('has no bound in a run that began before there was one', () => {
    const { contextTokens: _, ...definition } = anAgent()
    const happened = [{ ...began(), definition: asJson(definition) } as Happening, ...turns(4)]
    assert.deepEqual(steps(happened), ['m5.1.1'])
    assert.equal(after(happened).told('m5.1.1').at(-1)!.text, long('result 4'))
  })
})
