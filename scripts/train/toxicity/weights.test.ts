import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readComments } from './comments.ts'
import { thresholdOf, trials } from './hold-back.ts'
import { sourceOfWeights } from './weights.ts'

const app = join(import.meta.dirname, '../../../apps/castellan')
const comments = readComments(join(app, 'training/toxicity'))
const heldBack = trials(comments.examples)
const threshold = thresholdOf(heldBack)

test('the weights are those of the comments that are there, and come out the same again', () => {
  const file = join(app, 'src/guardrails/toxicity/weights.ts')
  assert.equal(sourceOfWeights(comments, heldBack), readFileSync(file, 'utf8'))
})

test('of families that a model never saw it finds more than half, and takes few innocent comments for hostile', () => {
  assert.ok(shareFound('toxic/') > 0.63, `${shareFound('toxic/')}`)
  assert.ok(shareFound('innocent/') < 0.041, `${shareFound('innocent/')}`)
})

test('what people usually write is hardly ever taken for hostile, unseen as it is', () => {
  for (const family of ['news-comments', 'talk-pages', 'complaints', 'longer-comments', 'identity']) {
    const share = shareFound(`innocent/${family}`)
    assert.ok(share < 0.03, `${family}: ${share}`)
  }
})

test('what programmers, customers and users of assistants write is hardly ever taken for hostile, even where it sounds so', () => {
  assert.ok(shareFound('ordinary/') < 0.04, `${shareFound('ordinary/')}`)
  for (const family of ['own-documentation', 'own-code', 'chats-with-assistants']) {
    const share = shareFound(`ordinary/${family}`)
    assert.ok(share < 0.01, `${family}: ${share}`)
  }
})

test('no comment is written down twice', () => {
  const texts = comments.examples.map(({ text }) => text)
  assert.deepEqual(
    texts.filter((text, index) => texts.indexOf(text) !== index),
    [],
  )
})

function shareFound(family: string): number {
  const of = heldBack.filter(({ example }) => example.family.startsWith(family))
  return of.filter(({ score }) => score >= threshold).length / of.length
}
