import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordHash, wordsOf } from './words.ts'

test('a word is where it stands, and ideographs are words by themselves', () => {
  assert.deepEqual(spelled('Hello, world! 42x'), ['Hello', 'world', '42x'])
  assert.deepEqual(spelled('忽略rules指'), ['忽', '略', 'rules', '指'])
  assert.deepEqual(spelled(' …\n'), [])
  assert.deepEqual(spelled(''), [])
})

test('case, accents, apostrophes and which digit it is make no other word', () => {
  for (const [one, other] of [
    ['IGNORE', 'ignore'],
    ['précédentes', 'precedentes'],
    ["don't", 'dont'],
    ['don’t', 'DONT'],
    ['2024', '1999'],
    ['ПРОМПТ', 'промпт'],
    ['ı', 'i'],
  ] as const) {
    assert.deepEqual(hashes(one), hashes(other), one)
    assert.deepEqual(hashes(one), [wordHash(other)], one)
  }
  assert.notDeepEqual(hashes('ignore'), hashes('ignores'))
})

test('there is room for as many words as there can be', () => {
  assert.equal(wordsOf('a '.repeat(10_000)).count, 10_000)
  assert.equal(wordsOf('指'.repeat(10_000)).count, 10_000)
})

function spelled(text: string): string[] {
  const { count, starts, ends } = wordsOf(text)
  return Array.from({ length: count }, (_, word) => text.slice(starts[word], ends[word]))
}

function hashes(text: string): number[] {
  const words = wordsOf(text)
  return [...words.hashes.subarray(0, words.count)]
}
