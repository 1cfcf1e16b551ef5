import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missedFloors } from './floors.ts'

const floors = [
  { number: 'rate', atLeast: 0.5 },
  { number: 'left over', atMost: 0 },
]

test('a number on the right side of its floor, or on it, misses nothing', () => {
  assert.deepEqual(missedFloors({ rate: 0.5, 'left over': 0 }, floors), [])
})

test('a number on the wrong side is named with its bound', () => {
  const missed = missedFloors({ rate: 0.1234, 'left over': 3 }, floors)
  assert.deepEqual(missed, ['rate is 0.123, and should be at least 0.5', 'left over is 3, and should be at most 0'])
})

test('what was not measured, and what the system does not tell, misses nothing', () => {
  assert.deepEqual(missedFloors({ rate: Number.NaN }, floors), [])
})
