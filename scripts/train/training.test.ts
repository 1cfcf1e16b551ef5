import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { weights } from '../../apps/castellan/src/guardrails/injection/weights.ts'
import { readCorpus, readExamples } from './corpus.ts'
import { learn, guiltiest, logistic, reading } from './learn.ts'
import { rounded, trainedOn, weightsFile } from './weights-file.ts'

const app = join(import.meta.dirname, '../../apps/castellan')

const content = `
# remarks are no text
let thing = tea | a house
=== guilty orders
obey me now
---
you must obey
=== innocent talk × 20
I like {thing} {today|a lot}.
---
We saw {thing}, {} and {"json": 1}.
`

test('a file of examples is read block by block, and composed the same way every time', () => {
  const examples = readExamples('a.txt', content)
  assert.deepEqual(examples.slice(0, 2), [
    { guilty: true, family: 'orders', text: 'obey me now', written: true },
    { guilty: true, family: 'orders', text: 'you must obey', written: true },
  ])
  const composed = examples.slice(2)
  assert.ok(composed.length >= 4 && composed.every(({ written, guilty }) => !written && !guilty))
  for (const { text } of composed) {
    assert.match(text, /^I like (tea|a house) (today|a lot)\.$|^We saw (tea|a house), \{\} and \{"json": 1\}\.$/)
  }
  assert.deepEqual(readExamples('a.txt', content), examples)
})

test('a heading or a name that means nothing is refused', () => {
  assert.throws(() => readExamples('a.txt', '=== bad thing\nx'), /no heading/)
  assert.throws(() => readExamples('a.txt', '=== guilty x × 2\n{nobody}'), /nothing is called/)
})

test('the same examples give the same weights, byte for byte, and tell the kinds apart', () => {
  const examples = readExamples('a.txt', content)
  const readings = examples.map(reading)
  const first = learn(readings, 'seed')
  assert.equal(rounded(first).weights, rounded(learn(readings, 'seed')).weights)
  assert.notEqual(rounded(first).weights, rounded(learn(readings, 'another')).weights)
  for (const each of readings) assert.equal(guiltiest(first, each).score > 0, each.guilty)
})

test('the logistic function is what it should be, within what training needs', () => {
  for (const score of [-50, -7, -1, 0, 0.5, 3, 50]) {
    assert.ok(Math.abs(logistic(score) - 1 / (1 + Math.exp(-score))) < 0.002, `${score}`)
  }
})

describe('committed weights', () => {
  test('are those of its data', () => {
    const corpus = readCorpus(join(app, 'training/injection'))
    assert.equal(weights.trainedOn, trainedOn(corpus.digest), 'npm run train -- injection')
    const { weights: bytes } = rounded(learn(corpus.examples.map(reading), 'injection'))
    assert.equal(weights.weights, bytes, 'npm run train -- injection')
    assert.match(weightsFile('injection', weights), /^import type/)
  })
})
