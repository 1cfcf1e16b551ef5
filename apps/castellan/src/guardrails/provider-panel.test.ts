import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { manualClock } from '../kernel/index.ts'
import { detectors } from './detectors.ts'
import type { GuardrailProvider, ProviderAnswer } from './guardrail-provider.ts'
import { Guardrails } from './guardrails.ts'
import { ProviderPanel, type Seat } from './provider-panel.ts'
import type { Mode } from './settings.ts'
import type { Stage } from './signal.ts'

const key = ['AKIA', 'Q3EGRK7XJ2M4WZ5T'].join('')
const nothing: ProviderAnswer = { is: 'found', findings: [], version: '1' }

/** A provider that says what it is told to say, and remembers what it was asked. */
function provider(
  say: (text: string, signal: AbortSignal) => ProviderAnswer | Promise<ProviderAnswer>,
  name = 'other',
) {
  const texts: string[] = []
  const made: GuardrailProvider = {
    name,
    kind: 'test',
    missing: () => [],
    prepare: async () => undefined,
    ask: async ({ text }, signal) => {
      texts.push(text)
      return say(text, signal)
    },
    close: async () => undefined,
  }
  return { ...made, texts }
}

function company(seats: readonly (Pick<Seat, 'provider'> & Partial<Seat>)[], budget = 10_000) {
  const clock = manualClock()
  const changes: [string, string | null][] = []
  const bugs: unknown[] = []
  const panel = new ProviderPanel({
    seats: seats.map(seat => ({ stages: ['result', 'arguments'], sees: 'redacted', longest: 1_000, ...seat })),
    budget,
    clock,
    breaker: { threshold: 2, rest: 1_000 },
    onBug: error => bugs.push(error),
    onChange: (name, why) => changes.push([name, why]),
  })
  const guardrails = new Guardrails(detectors(), { panel })
  const scan = async (text: string, mode: Mode = 'mixed', stage: Stage = 'result') =>
    guardrails.scan(text, stage, { mode })
  return { clock, changes, bugs, panel, guardrails, scan }
}

describe('a provider', () => {
  test('is asked at its stages, and nobody waits for it at others', async () => {
    const other = provider(() => nothing)
    const { guardrails } = company([{ provider: other, stages: ['result'] }])
    assert.ok(!(guardrails.scan('a text', 'arguments') instanceof Promise))
    assert.ok(!(guardrails.scanJson({ a: 'text' }, 'arguments') instanceof Promise))
    assert.ok(!(guardrails.scan('a text', 'result', {}, { alone: true }) instanceof Promise))
    assert.deepEqual(other.texts, [])
    await guardrails.scan('a text', 'result')
    assert.deepEqual(other.texts, ['a text'])
  })

  test('is asked only when the settings let it, and one they name that is not there is unavailable', async () => {
    const other = provider(() => nothing)
    const { guardrails } = company([{ provider: other }])
    assert.ok(!(guardrails.scan('x', 'result', { providers: [] }) instanceof Promise))
    assert.deepEqual((await guardrails.scan('x', 'result', { providers: ['gone'] })).unavailable, ['gone'])
    assert.deepEqual(other.texts, [])
  })

  test('sees texts without what the detectors take out, unless it may see all', async () => {
    const [guarded, trusted] = [provider(() => nothing, 'guarded'), provider(() => nothing, 'trusted')]
    const { scan } = company([{ provider: guarded }, { provider: trusted, sees: 'full' }])
    await scan('write to ann.marsh@example.org today')
    assert.deepEqual(guarded.texts, ['write to [redacted:email] today'])
    assert.deepEqual(trusted.texts, ['write to ann.marsh@example.org today'])
  })

  test('is not asked about what is blocked anyway', async () => {
    const other = provider(() => nothing)
    const { scan } = company([{ provider: other }])
    assert.equal((await scan(`use ${key}`, 'mixed', 'arguments')).verdict, 'block')
    assert.equal((await scan('write to ann.marsh@example.org', 'hard_gate')).verdict, 'block')
    assert.deepEqual(other.texts, [])
  })

  test('says where something is, in the text as it was given', async () => {
    const given = 'write to ann.marsh@example.org, you 😀 twit'
    const other = provider(text => {
      const at = text.indexOf('twit')
      const place = { start: at - 2, end: at + 4 }
      return {
        is: 'found',
        version: '7',
        findings: [{ metric: 'toxicity', category: 'insult', confidence: 0.97, place }],
      }
    })
    const { scan } = company([{ provider: other }])
    const { signals, verdict } = await scan(given)
    const { start, end, action, provider: by } = signals.find(({ category }) => category === 'insult')!
    // It began within a letter.
    assert.equal(given.slice(start, end), '😀 twit')
    assert.deepEqual([action, verdict, by], ['block', 'block', { name: 'other', version: '7' }])
  })

  test('may mean the whole text, of which then the values are taken out, and not their keys', async () => {
    const other = provider(() => ({
      is: 'found',
      version: '1',
      findings: [{ metric: 'pii', category: 'name', confidence: 0.9, place: null }],
    }))
    const { guardrails } = company([{ provider: other }])
    const { redacted, signals } = await guardrails.scanJson({ a: 'Ann', b: ['Bo', true] }, 'result')
    assert.deepEqual(redacted, { a: '[redacted:name]', b: ['[redacted:name]', true] })
    assert.deepEqual(signals.map(({ at }) => at), ['']) // prettier-ignore
  })

  test('is asked once about a text at a stage, also when it comes several times at once', async () => {
    const other = provider(() => nothing)
    const { scan, panel, clock } = company([{ provider: other }])
    await Promise.all([scan('one'), scan('one'), scan('two')])
    await scan('one')
    await scan('one', 'mixed', 'arguments')
    assert.deepEqual(other.texts, ['one', 'two', 'one'])
    assert.deepEqual([panel.states[0]?.asked, panel.states[0]?.reused], [3, 2])
    clock.advance(25 * 60 * 60_000)
    await scan('one')
    assert.equal(other.texts.length, 4)
  })

  test('is asked anew about everything once it answers by another version', async () => {
    let version = '1'
    const other = provider(() => ({ ...nothing, version }))
    const { scan, guardrails } = company([{ provider: other }])
    await scan('one')
    const before = guardrails.digest()
    version = '2'
    await scan('two')
    await scan('one')
    assert.deepEqual(other.texts, ['one', 'two', 'one'])
    assert.notEqual(guardrails.digest(), before)
  })
})

describe('a provider that does not work', () => {
  const out: ProviderAnswer = { is: 'failed', why: 'it answered HTTP 503' }

  for (const [mode, verdict] of [
    ['hard_gate', 'block'],
    ['mixed', 'allow'],
    ['advisory', 'allow'],
  ] as const)
    test(`is named, and under ${mode} the verdict is ${verdict}`, async () => {
      const { scan } = company([{ provider: provider(() => out) }, { provider: provider(() => nothing, 'well') }])
      const scanned = await scan('a text', mode)
      assert.deepEqual([scanned.verdict, scanned.unavailable], [verdict, ['other']])
    })

  test('is left in peace after some failures, still counts as failing, and is found again by itself', async () => {
    let answer: ProviderAnswer = out
    const other = provider(() => answer)
    const { scan, panel, clock, changes } = company([{ provider: other }])
    for (const text of ['1', '2', '3', '4']) assert.equal((await scan(text, 'hard_gate')).verdict, 'block')
    assert.deepEqual([other.texts, panel.states[0]?.is], [['1', '2'], 'resting'])
    assert.deepEqual(panel.states[0]?.lastFailure?.why, 'it answered HTTP 503')
    answer = nothing
    clock.advance(1_000)
    assert.equal((await scan('5', 'hard_gate')).verdict, 'allow')
    assert.equal(panel.states[0]?.is, 'working')
    assert.deepEqual(changes, [
      ['other', 'it answered HTTP 503'],
      ['other', null],
    ])
  })

  test('is waited for no longer than the budget, and its request is given up', async () => {
    let gaveUp = false
    const never = new Promise<ProviderAnswer>(() => undefined)
    const other = provider((_, signal) => {
      signal.addEventListener('abort', () => (gaveUp = true))
      return never
    })
    const { scan, panel } = company([{ provider: other }], 20)
    assert.deepEqual((await scan('x')).unavailable, ['other'])
    assert.deepEqual([gaveUp, panel.states[0]?.lastFailure?.why], [true, 'no answer within 20ms'])
  })

  test('by throwing, or by pointing outside of the text, fails like any other', async () => {
    const throwing = provider(() => Promise.reject(new Error('out of order')), 'throwing')
    const place = { start: 0, end: 99 }
    const strayed = provider(
      () => ({ is: 'found', version: '1', findings: [{ metric: 'pii', category: 'x', confidence: 1, place }] }),
      'strayed',
    )
    const { scan, bugs } = company([{ provider: throwing }, { provider: strayed }])
    assert.deepEqual((await scan('x')).unavailable, ['strayed', 'throwing'])
    assert.equal(bugs.length, 1)
  })

  test('for a text that is too long is named without being asked, and without having failed', async () => {
    const other = provider(() => nothing)
    const { scan, panel } = company([{ provider: other, longest: 10 }])
    assert.deepEqual((await scan('longer than ten')).unavailable, ['other'])
    assert.deepEqual([other.texts, panel.states[0]?.failed], [[], 0])
  })

  test('is asked by whoever looks after its health, and one that works is not', async () => {
    let answer: ProviderAnswer = out
    const other = provider(() => answer)
    const { guardrails } = company([{ provider: other }])
    assert.deepEqual((await guardrails.health('are you well?')).unavailable, ['other'])
    answer = nothing
    assert.deepEqual((await guardrails.health('are you well?')).unavailable, [])
    assert.deepEqual((await guardrails.health('still?')).unavailable, [])
    assert.equal(other.texts.length, 2)
  })
})
