import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../tests/support/properties.ts'
import { PassingMap, PassingSet } from './passing.ts'

test('a passing map holds what a Map would', () => {
  const step = fc.record({ put: fc.boolean(), key: fc.constantFrom(0, 1, 2, 'a', 'b', '0'), value: fc.nat() })
  fc.assert(
    fc.property(fc.array(step), steps => {
      const [passing, native] = [new PassingMap<number | string, number>(), new Map<number | string, number>()]
      for (const { put, key, value } of steps) {
        assert.equal(passing.has(key), native.has(key))
        assert.equal(passing.get(key), native.get(key))
        if (put) {
          passing.set(key, value)
          native.set(key, value)
        } else assert.equal(passing.delete(key), native.delete(key))
        assert.equal(passing.size, native.size)
        assert.deepEqual(passing.values().toSorted(), [...native.values()].toSorted())
      }
    }),
  )
})

test('a passing set holds what was added and not taken out again', () => {
  const [first, second, third] = [{}, {}, {}]
  const set = new PassingSet<object>()
  for (const each of [first, second, third]) set.add(each)
  assert.equal(set.delete(first), true)
  assert.equal(set.delete(first), false)
  assert.equal(set.size, 2)
  assert.deepEqual(new Set(set.values()), new Set([second, third]))
  set.clear()
  assert.deepEqual([set.size, set.values()], [0, []])
})

test('what is taken out while the values are walked does not disturb the walk', () => {
  const set = new PassingSet<number>()
  for (let item = 0; item < 10; item++) set.add(item)
  const seen: number[] = []
  for (const item of set.values()) {
    seen.push(item)
    set.delete(item)
  }
  assert.deepEqual([seen.length, set.size], [10, 0])
})
