import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../kernel/index.ts'
import { TokenBuckets } from './token-buckets.ts'

test('a bucket gives its whole amount at once, then refills evenly and never above full', () => {
  const clock = manualClock()
  const buckets = new TokenBuckets(clock)
  const rate = { calls: 3, per: 3_000 }
  const take = () => buckets.take('k', rate)
  assert.deepEqual([take(), take(), take(), take()], [true, true, true, false])
  clock.advance(1_000)
  assert.deepEqual([take(), take()], [true, false])
  clock.advance(3_600_000)
  assert.deepEqual([take(), take(), take(), take()], [true, true, true, false])
})

test('one key does not use up the tokens of another', () => {
  const buckets = new TokenBuckets(manualClock())
  const rate = { calls: 1, per: 1_000 }
  assert.deepEqual([buckets.take('a', rate), buckets.take('b', rate)], [true, true])
})
