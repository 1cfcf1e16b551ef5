import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, percentile } from './statistics.ts'

test('a percentile is a number that was seen, with so many per cent at or below it', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1)
  assert.deepEqual(
    [1, 50, 99, 100].map(percent => percentile(hundred, percent)),
    [1, 50, 99, 100],
  )
  assert.equal(percentile([7], 99), 7)
})

test('the median takes numbers in any order, and the middle of two', () => {
  assert.equal(median([30, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 100]), 3)
})

test('of no numbers there is neither', () => {
  assert.ok(Number.isNaN(percentile([], 50)))
  assert.ok(Number.isNaN(median([])))
})
