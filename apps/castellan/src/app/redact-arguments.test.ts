import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Detector, Guardrails } from '../guardrails/index.ts'
import { guardrailParts } from './guardrails.ts'
import { redactArguments } from './redact-arguments.ts'

const text = JSON.stringify({ to: 'ann@example.com', note: 'key AKIAIOSFODNN7EXAMQ4Z', amount: 5 }, null, 2)
const noBugs = (error: unknown) => assert.fail(String(error))

test('secrets are shown to nobody, personal data to those who decide', async () => {
  const redact = redactArguments(guardrailParts(noBugs).load, noBugs)
  const decides = await redact(text, 'decides')
  assert.match(decides, /ann@example\.com/)
  assert.doesNotMatch(decides, /AKIA/)
  const looks = await redact(text, 'looks')
  assert.doesNotMatch(looks, /ann@example\.com|AKIA/)
  assert.match(looks, /"amount": 5/)
})

test('nothing is shown where a detector does not work, or there is none', async () => {
  const broken: Detector = {
    name: 'broken',
    metric: 'secrets',
    version: '1',
    find: () => {
      throw new Error('it fell over')
    },
  }
  const bugs: unknown[] = []
  const half = redactArguments(async () => new Guardrails([broken]), noBugs)
  const none = redactArguments(
    () => Promise.reject(new Error('not there')),
    bug => bugs.push(bug),
  )
  for (const redact of [half, none]) {
    for (const reader of ['decides', 'looks'] as const) assert.match(await redact(text, reader), /^\(not shown/)
  }
  assert.equal(bugs.length, 2)
})
