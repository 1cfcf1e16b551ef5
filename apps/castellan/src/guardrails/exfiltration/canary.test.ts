import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { oneView, withDecoded } from '../fixtures/one-view.ts'
import { canaries, makeCanary } from './canary.ts'

const word = makeCanary()
const detector = canaries([word])

function found(text: string): string[] {
  return detector.find(oneView(text)).map(({ start, end }) => text.slice(start, end))
}

describe('a canary', () => {
  test('is different every time, and nothing but letters', () => {
    assert.equal(new Set(Array.from({ length: 100 }, makeCanary)).size, 100)
    assert.match(word, /^canary[a-z]{24}$/)
  })

  test('is found where it is, and only there', () => {
    assert.deepEqual(found(`the word is ${word}.`), [word])
    assert.deepEqual(found(`the word is ${makeCanary()}.`), [])
    assert.deepEqual(found(''), [])
  })

  test('is found in capitals, apart, backwards, turned by thirteen, and in other digits', () => {
    const apart = Array.from(word).join('-')
    const backwards = Array.from(word).reverse().join('')
    const turned = word.replace(/[a-z]/g, letter => 'nopqrstuvwxyzabcdefghijklm'[letter.charCodeAt(0) - 97]!)
    for (const form of [
      word.toUpperCase(),
      apart,
      apart.replaceAll('-', ' \n'),
      backwards,
      turned,
      Buffer.from(word).toString('hex'),
    ]) {
      assert.deepEqual(found(`so: ${form}!`), [form])
    }
  })

  test('is found in base64 wherever it begins in what was encoded', () => {
    for (const before of ['', 'a', 'ab', 'abc', 'the word is ']) {
      assert.equal(found(`x ${Buffer.from(`${before}${word} and more`).toString('base64')}`).length, 1, before)
    }
  })

  test('is found in what other views read', () => {
    const [finding] = detector.find(withDecoded('encoded', `so: ${word}`, 'hex'))
    assert.deepEqual([finding?.start, finding?.end, finding?.category], [0, 7, 'canary'])
  })

  test('that is too short to be a sign of anything is refused', () => {
    assert.throws(() => canaries(['short']), RangeError)
  })

  test('need not be set: then nothing is found', () => {
    assert.deepEqual(canaries([]).find(oneView(word)), [])
  })
})
