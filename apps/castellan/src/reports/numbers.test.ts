import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../tests/support/properties.ts'
import { Latencies } from './latencies.ts'
import { Tally } from './tally.ts'
import { Timeline } from './timeline.ts'

describe('what is told of many numbers', () => {
  test('percentiles are of numbers there were, by nearest rank', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 3_000 }),
        values => {
          const latencies = new Latencies()
          for (const value of values) latencies.add(value)
          const sorted = values.toSorted((one, other) => one - other)
          const rank = (percent: number) => sorted.find((_, index) => (index + 1) / sorted.length >= percent / 100)
          const summary = latencies.summary()!
          assert.deepEqual([summary.count, summary.max], [values.length, sorted.at(-1)])
          assert.deepEqual([summary.p50, summary.p95], [rank(50), rank(95)])
          assert.equal(
            latencies.histogram().reduce((sum, { count }) => sum + count, 0),
            values.length,
          )
        },
      ),
      { numRuns: 30 },
    )
    assert.equal(new Latencies().summary(), null)
  })

  test('a line of time has every step in few columns, however long it is', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4_000_000_000_000 }), { minLength: 1, maxLength: 200 }), times => {
        const timeline = new Timeline()
        for (const at of times) timeline.add(at, 'ok')
        const buckets = timeline.buckets()
        assert.ok(buckets.length <= 60)
        assert.equal(
          buckets.reduce((sum, { counts }) => sum + counts.ok, 0),
          times.length,
        )
        const [first, last] = [Math.min(...times), Math.max(...times)]
        assert.ok(buckets[0]!.from <= first && first < buckets[0]!.until && last < buckets.at(-1)!.until)
        for (const [index, bucket] of buckets.entries())
          assert.equal(bucket.from, buckets[index - 1]?.until ?? bucket.from)
      }),
    )
    assert.deepEqual(new Timeline().buckets(), [])
  })

  test('names that somebody makes up are added up as one beyond a number of them', () => {
    const tally = new Tally(() => ({ count: 0 }))
    for (let name = 0; name < 5_000; name++) tally.at(`t${name}`).count++
    const entries = tally.entries()
    assert.equal(entries.length, 1_001)
    assert.equal(
      entries.reduce((sum, [, { count }]) => sum + count, 0),
      5_000,
    )
    assert.equal(entries.find(([name]) => name === '(others)')?.[1].count, 4_000)
  })
})
