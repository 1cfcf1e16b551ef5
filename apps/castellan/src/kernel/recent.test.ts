import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recent } from './recent.ts'

test('what is asked for stays, and what nobody asks for is forgotten', () => {
  const recent = new Recent<number, string>(10)
  recent.set(-1, 'asked for')
  recent.set(-2, 'not asked for')
  for (let key = 0; key < 100; key++) {
    recent.set(key, `${key}`)
    assert.equal(recent.get(-1), 'asked for')
  }
  assert.equal(recent.get(-2), undefined)
  assert.equal(recent.get(99), '99')
})

test('it never holds more than twice its size', () => {
  const recent = new Recent<number, number>(10)
  for (let key = 0; key < 1_000; key++) recent.set(key, key)
  const held = Array.from({ length: 1_000 }, (_, key) => recent.get(key)).filter(value => value !== undefined)
  assert.ok(held.length <= 20, `${held.length} held`)
})

test('a new value replaces the one before, and what was removed is gone, however old', () => {
  const recent = new Recent<string, number>(1)
  recent.set('a', 1)
  recent.set('b', 2)
  recent.set('a', 3)
  assert.equal(recent.get('a'), 3)
  recent.delete('b')
  assert.equal(recent.get('b'), undefined)
  recent.clear()
  assert.equal(recent.get('a'), undefined)
})
