import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lots } from './fixtures/lots.ts'
import { countsUp, entropy, looksRandom, readsAsWord, wordShare } from './randomness.ts'

const DIGITS = '0123456789'
const SMALL = 'abcdefghijklmnopqrstuvwxyz'

test('what was drawn by lot looks like it, in whatever alphabet', () => {
  const lots = new Lots(11)
  for (const alphabet of [SMALL + DIGITS, SMALL + SMALL.toUpperCase() + DIGITS, `${DIGITS}abcdef`]) {
    const drawn = Array.from({ length: 500 }, () => lots.characters(alphabet, 32))
    assert.ok(drawn.filter(looksRandom).length >= 497, alphabet)
  }
})

test('names, sentences, numbers and repetitions do not look drawn by lot', () => {
  for (const value of ['getPasswordFromVault', 'application_settings_key', '1234567890123456', 'abababababababab']) {
    assert.equal(looksRandom(value), false, value)
  }
})

test('words read as words and heaps of letters do not', () => {
  for (const word of ['password', 'connection', 'administrator', 'server']) assert.equal(readsAsWord(word), true, word)
  for (const heap of ['xkqzvb', 'jtgwqpfh', 'zzxkw']) assert.equal(readsAsWord(heap), false, heap)
  assert.equal(wordShare('databasePassword'), 1)
})

test('entropy is that of the characters', () => {
  assert.equal(entropy('aaaa'), 0)
  assert.equal(entropy('abcd'), 2)
  assert.equal(entropy('aabb'), 1)
})

test('what counts up is noticed', () => {
  for (const value of ['1234567890', 'abcdefghij', 'aBcDeFgHiJ', 'abcdef123456'])
    assert.equal(countsUp(value), true, value)
  assert.equal(countsUp('k3j9d0s8f7'), false)
})
