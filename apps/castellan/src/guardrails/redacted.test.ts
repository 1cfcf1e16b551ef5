import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding, Metric } from './finding.ts'
import { redacted } from './redacted.ts'

const found = (start: number, end: number, category: string, metric: Metric = 'pii'): Finding => ({
  metric,
  category,
  start,
  end,
  confidence: 0.9,
})

test('what was found is replaced by its name, and the rest stays', () => {
  assert.equal(redacted('0123456789', [found(8, 10, 'b'), found(1, 3, 'a')]), '0[redacted:a]34567[redacted:b]')
  assert.equal(redacted('0123456789', []), '0123456789')
})

test('what overlaps is taken out as one, and what only touches is not', () => {
  assert.equal(redacted('0123456789', [found(1, 5, 'a'), found(2, 7, 'b'), found(6, 8, 'c')]), '0[redacted:a]89')
  assert.equal(redacted('0123456789', [found(1, 3, 'a'), found(3, 5, 'b')]), '0[redacted:a][redacted:b]56789')
})

test('words that a text is about stay in it', () => {
  assert.equal(redacted('you fool', [found(4, 8, 'insult', 'toxicity'), found(0, 8, 'x', 'injection')]), 'you fool')
})
