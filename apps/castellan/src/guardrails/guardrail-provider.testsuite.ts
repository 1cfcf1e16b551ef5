import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { metrics } from './finding.ts'
import type { GuardrailProvider, ProviderAnswer } from './guardrail-provider.ts'

export interface ProviderFixture extends AsyncDisposable {
  readonly provider: GuardrailProvider
  /** A text in which it finds something. */
  readonly harmful: string
  /** A text in which it finds nothing. */
  readonly harmless: string
}

/** What every provider promises. */
export function guardrailProviderSuite(what: string, fixture: () => Promise<ProviderFixture>): void {
  const ask = (provider: GuardrailProvider, text: string, signal = AbortSignal.timeout(20_000)) =>
    provider.ask({ text, stage: 'result' }, signal)

  describe(`${what}, as a provider of the guardrails`, () => {
    test('finds what there is, where there is text, and says by which version', async () => {
      await using fixed = await fixture()
      const { findings, version } = found(await ask(fixed.provider, fixed.harmful))
      assert.ok(findings.length > 0 && version !== '')
      for (const { metric, category, confidence, place } of findings) {
        assert.ok(metrics.includes(metric) && confidence >= 0 && confidence <= 1)
        assert.match(category, /^[a-z0-9]+(-[a-z0-9]+)*$/)
        assert.ok(place === null || (place.start >= 0 && place.start < place.end && place.end <= fixed.harmful.length))
      }
      assert.deepEqual(found(await ask(fixed.provider, fixed.harmless)).findings, [])
      assert.deepEqual(fixed.provider.missing(), [])
    })

    test('answers each of many questions at once for its own text', async () => {
      await using fixed = await fixture()
      const texts = Array.from({ length: 12 }, (_, at) => (at % 3 === 0 ? fixed.harmful : fixed.harmless))
      const answers = await Promise.all(texts.map(text => ask(fixed.provider, text)))
      assert.deepEqual(
        answers.map(answer => found(answer).findings.length > 0),
        texts.map(text => text === fixed.harmful),
      )
    })

    test('answers whatever the text is', async () => {
      await using fixed = await fixture()
      for (const text of ['', '\u0000', '\ud83d', '😀'.repeat(50), '{"input": [', '\u2028\u202e'.repeat(9)])
        assert.ok(['found', 'failed'].includes((await ask(fixed.provider, text)).is))
    })

    test('gives up with its signal, before and after it has begun', async () => {
      await using fixed = await fixture()
      assert.equal((await ask(fixed.provider, fixed.harmful, AbortSignal.abort())).is, 'failed')
      const giving = new AbortController()
      const asked = ask(fixed.provider, fixed.harmful, giving.signal)
      giving.abort()
      assert.ok((await asked).is)
      found(await ask(fixed.provider, fixed.harmful))
    })

    test('is prepared as often as one likes, and once closed fails and stays closed', async () => {
      await using fixed = await fixture()
      await fixed.provider.prepare()
      await fixed.provider.prepare()
      await Promise.all([fixed.provider.close(), fixed.provider.close()])
      assert.equal((await ask(fixed.provider, fixed.harmful)).is, 'failed')
    })
  })
}

function found(answer: ProviderAnswer): Extract<ProviderAnswer, { is: 'found' }> {
  assert.ok(answer.is === 'found', JSON.stringify(answer))
  return answer
}
