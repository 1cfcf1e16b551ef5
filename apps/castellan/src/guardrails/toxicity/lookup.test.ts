import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lookup } from './lookup.ts'

test('what was set is found, and nothing else', () => {
  const lookup = new Lookup()
  const known = new Map(
    Array.from({ length: 5_000 }, (_, index) => [Math.imul(index - 2_500, 0x10001), (index % 65_535) + 1]),
  )
  for (const [hash, value] of known) lookup.set(hash, value)
  for (const [hash, value] of known) assert.equal(lookup.get(hash), value)
  for (let hash = 3; hash < 50_000; hash += 7) assert.equal(lookup.get(hash), known.get(hash) ?? 0)
})

test('what is set again has the new value', () => {
  const lookup = new Lookup()
  lookup.set(0, 5)
  lookup.set(-1, 6)
  lookup.set(0, 7)
  assert.deepEqual([lookup.get(0), lookup.get(-1), lookup.get(1)], [7, 6, 0])
})
