import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepFreeze, isJsonObject } from './json.ts'

test('a frozen value is frozen all the way down', () => {
  const value = deepFreeze({ a: [{ b: { c: 1 } }] })
  assert.throws(() => Object.assign(value.a[0]!.b, { c: 2 }), TypeError)
  assert.throws(() => (value.a as unknown[]).push(1), TypeError)
})

test('only objects are objects', () => {
  assert.ok(isJsonObject({}))
  for (const value of [[], null, 'x', 1, true, undefined]) assert.equal(isJsonObject(value), false)
})
