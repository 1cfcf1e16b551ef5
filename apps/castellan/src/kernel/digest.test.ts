import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestBytes, digestJson } from './digest.ts'
import { isFault } from './fault.ts'

test('the digest of bytes is their SHA-256', () => {
  assert.equal(digestBytes(''), 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  assert.equal(digestBytes('abc'), 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('text is digested as UTF-8', () => {
  assert.equal(digestBytes('é€😀'), digestBytes(Buffer.from('é€😀', 'utf8')))
})

test('values that are equal have one digest, whatever the order of their keys', () => {
  assert.equal(digestJson({ a: 1, b: [{ d: 1, c: 2 }] }), digestJson({ b: [{ c: 2, d: 1 }], a: 1.0 }))
  assert.equal(digestJson({ b: 1, a: 2 }), digestBytes('{"a":2,"b":1}'))
})

test('values that differ have different digests', () => {
  const values = [{}, [], null, '', 0, '0', false, { a: null }, [[]], [null]]
  assert.equal(new Set(values.map(digestJson)).size, values.length)
})

test('a value without a canonical form has no digest', () => {
  assert.throws(
    () => digestJson({ a: NaN }),
    error => isFault(error, 'JSON_NOT_CANONICAL'),
  )
})
