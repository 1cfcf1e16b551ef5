import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isId, newId } from './ids.ts'

test('a hundred thousand ids are unique and already in order', () => {
  const ids = Array.from({ length: 100_000 }, () => newId())
  assert.equal(new Set(ids).size, ids.length)
  assert.deepEqual(ids, ids.toSorted())
})

test('an id is a UUID of version 7 that carries its time', () => {
  const before = Date.now()
  const id = newId()
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const millis = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
  // Ids made before in this process may have borrowed from the future, at most a millisecond for each 4096 of them.
  assert.ok(millis >= before && millis <= Date.now() + 100, `${millis} is not about ${before}`)
})

test('the order survives a clock that goes back', () => {
  const later = newId(Date.now() + 1_000)
  const earlier = newId(0)
  assert.ok(earlier > later)
})

test('only UUIDs in lower case are ids', () => {
  assert.ok(isId(newId()))
  for (const value of ['', 'x', newId().toUpperCase(), ` ${newId()}`, `${newId()}\n`, 7, null, undefined, [newId()]]) {
    assert.equal(isId(value), false)
  }
})
