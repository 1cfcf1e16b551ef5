import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CastellanClient } from '@castellan/sdk'
import { type ControlPlane, controlPlane } from '../../../../../tests/support/control-plane.ts'
import { ask } from './fixtures/asking.ts'

describe('the guardrails over REST', () => {
  let castellan: ControlPlane
  let client: CastellanClient
  before(async () => {
    castellan = await controlPlane()
    client = new CastellanClient({ url: castellan.url, key: castellan.key })
  })
  after(() => castellan[Symbol.asyncDispose]())

  test('scan a text and say what is to become of it', async () => {
    const text = 'Write to ann.marsh@example.org'
    const { rules_hash: hash, ...scan } = await client.guardrails.scan(text)
    assert.deepEqual(scan, {
      verdict: 'redact',
      signals: [
        {
          metric: 'pii',
          category: 'email',
          start: 9,
          end: 30,
          confidence: scan.signals[0]!.confidence,
          action: 'redact',
        },
      ],
      redacted: 'Write to [redacted:email]',
      unavailable: [],
    })
    assert.match(hash, /^sha256:[0-9a-f]{64}$/)
  })

  test('take a stage, a mode and thresholds', async () => {
    const text = 'Write to ann.marsh@example.org'
    const scan = async (options: Parameters<CastellanClient['guardrails']['scan']>[1]) =>
      (await client.guardrails.scan(text, options)).verdict
    assert.equal(await scan({ stage: 'arguments' }), 'warn')
    assert.equal(await scan({ mode: 'hard_gate' }), 'block')
    assert.equal(await scan({ mode: 'advisory' }), 'allow')
    assert.equal(await scan({ thresholds: { pii: 0.1 } }), 'block')
  })

  test('refuse what they do not understand, and say what they would', async () => {
    const post = (body: unknown) => ask(castellan, 'POST', '/api/guardrails/scan', { body })
    for (const body of [
      {},
      { text: 7 },
      { text: 'x', stage: 'breakfast' },
      { text: 'x', thresholds: { pii: 2 } },
      { text: 'x', y: 1 },
    ]) {
      const { status, text } = await post(body)
      assert.equal(status, 400, JSON.stringify(body))
      assert.equal(JSON.parse(text).code, 'REQUEST_INVALID')
    }
    assert.match((await post({ text: 'x', stage: 'breakfast' })).text, /tool_manifest/)
  })

  test('say which detectors there are, and that they work', async () => {
    const { providers } = await client.guardrails.health()
    assert.ok(providers.length >= 4)
    assert.ok(providers.every(({ available, version }) => available && version !== ''))
    assert.ok(
      ['pii', 'secrets', 'exfiltration', 'toxicity'].every(name => providers.some(each => each.metric === name)),
    )
  })

  test('keep nothing of what they saw', async () => {
    await client.guardrails.scan('the word is xylophone-4711')
    const { text } = await ask(castellan, 'GET', '/api/journal')
    assert.doesNotMatch(text, /xylophone/)
  })
})
