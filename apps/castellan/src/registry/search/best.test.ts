import assert from 'node:assert/strict'
import { test } from 'node:test'
import { best } from './best.ts'

test('the best come first, equal ones as they stand, and what has no score not at all', () => {
  assert.deepEqual(best([0, 2, 3, 2, 0, 3], 10), [2, 5, 1, 3])
})

test('no more are found than are wanted', () => {
  const scores = Array.from({ length: 1_000 }, (_, index) => (index * 7_919) % 101)
  const all = best(scores, 1_000)
  assert.deepEqual(best(scores, 7), all.slice(0, 7))
  assert.deepEqual(best([], 7), [])
})
