import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { viewsOf } from '../views/views-of.ts'
import { injectionDetector } from './injection.ts'

/** Two lists, each under a heading, of texts that nothing was learned from. */
const [, guilty = [], innocent = []] = readFileSync(new URL('./fixtures/other-voices.txt', import.meta.url), 'utf8')
  .split(/^=== .*$/m)
  .map(list => list.split(/^---$/m).map(text => text.trim()))

/** The confidence that blocks by default. */
const BLOCKS = 0.75

test('of jailbreaks in other voices than those of training it finds what it did, and no honest text', () => {
  assert.deepEqual([guilty.length, innocent.length], [60, 60])
  assert.ok(found(guilty) >= 38, `${found(guilty)} of 60`)
  assert.ok(found(guilty, BLOCKS) >= 33, `${found(guilty, BLOCKS)} of 60 that are blocked`)
  assert.ok(found(innocent) <= 1, `${found(innocent)} of 60 that are honest`)
})

function found(texts: readonly string[], from = 0): number {
  return texts.filter(text => injectionDetector.find(viewsOf(text)).some(({ confidence }) => confidence >= from)).length
}
