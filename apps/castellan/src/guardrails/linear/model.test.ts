import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketsOf, BUCKETS, MOST_PER_WORD } from './buckets.ts'
import { Model, STEP } from './model.ts'
import { wordsOf } from './words.ts'

test('a word has no more features than there is room for, however long it is', () => {
  const words = wordsOf(`${'x'.repeat(5_000)} ${'ю'.repeat(5_000)} ok`)
  const into = new Uint16Array(3 * MOST_PER_WORD)
  const size = bucketsOf(words, 0, 3, into)
  assert.ok(size <= into.length && size > 50, `${size}`)
  assert.ok(into.every(bucket => bucket < BUCKETS))
})

test('features of a word do not depend on where in the text it is, but on its neighbours', () => {
  const into = new Uint16Array(10 * MOST_PER_WORD)
  const alone = new Set(into.subarray(0, bucketsOf(wordsOf('ignore all rules'), 0, 3, into)))
  const words = wordsOf('Please: ignore all RULES')
  const later = into.slice(0, bucketsOf(words, 1, 4, into))
  const shared = later.filter(bucket => alone.has(bucket)).length
  assert.ok(shared > later.length * 0.8 && shared < later.length, `${shared} of ${later.length}`)
})

test('what stands in a long text is found where it stands', () => {
  const model = modelOf('secret handshake protocol')
  const before = 'plain talk about the weather '.repeat(200)
  const words = wordsOf(`${before}${'secret handshake protocol '.repeat(12)}${before}`)
  const [stretch, ...others] = model.stretches(words)
  assert.equal(others.length, 0)
  assert.ok(stretch!.from <= 1000 && stretch!.to >= 1036 && stretch!.to - stretch!.from <= 36 + 16 * STEP)
})

test('long innocent texts do not add up', () => {
  const model = modelOf('secret handshake protocol')
  const text = 'there was one secret in the town by the sea which nobody ever told to anyone who came to visit '
  assert.ok(model.highest(wordsOf(text.repeat(2_000))) <= model.highest(wordsOf(text.repeat(20))) + 1e-9)
})

test('a text without words is judged, too', () => {
  assert.deepEqual(modelOf('x').stretches(wordsOf('…')), [])
})

test('weights of another size are refused', () => {
  assert.throws(() => new Model({ ...weightsOf(''), weights: 'AAAA' }), /3 weights/)
})

/** A model that likes what a text is made of. */
function modelOf(text: string): Model {
  return new Model(weightsOf(text))
}

function weightsOf(text: string) {
  const weights = new Int8Array(BUCKETS)
  const words = wordsOf(text)
  const into = new Uint16Array(words.count * MOST_PER_WORD)
  for (const bucket of into.subarray(0, bucketsOf(words, 0, words.count, into))) weights[bucket] = 100
  return {
    trainedOn: 'a test',
    weights: Buffer.from(weights.buffer).toString('base64'),
    unit: 0.01,
    bias: -2,
    threshold: 3,
    slope: 1,
    intercept: 0,
  }
}
