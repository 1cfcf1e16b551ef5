import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masking } from './masking.ts'

test('a value is hidden in every form it is commonly written in', () => {
  const mask = masking({ Authorization: 'Bearer t0ken/with+signs"', KEY: '-----BEGIN\nAAAABBBB\nCCCCDDDD', PORT: '80' })
  const text = [
    'header Bearer t0ken/with+signs"',
    'token t0ken/with+signs"',
    'json t0ken/with+signs\\"',
    'url t0ken%2Fwith%2Bsigns%22',
    `base64 ${Buffer.from('t0ken/with+signs"').toString('base64')}`,
    'pem CCCCDDDD',
    'port 80',
  ]
  assert.deepEqual(text.map(mask), [
    'header ***',
    'token ***',
    'json ***',
    'url ***',
    'base64 ***',
    'pem ***',
    'port 80',
  ])
})

test('of two values that begin alike nothing of the longer one stays behind', () => {
  assert.equal(masking({ a: 'secret', b: 'secret-and-more' })('it is secret-and-more'), 'it is ***')
})
