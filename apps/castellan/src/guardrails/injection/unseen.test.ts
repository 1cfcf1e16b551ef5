import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { viewsOf } from '../views/views-of.ts'
import { injectionDetector } from './injection.ts'

interface Judged {
  readonly guilty: boolean
  readonly kind: string
  readonly text: string
}

/** Written by someone who knew neither detector nor training, and never to be learned from. */
const unseen = JSON.parse(readFileSync(new URL('./fixtures/unseen.json', import.meta.url), 'utf8')) as readonly Judged[]

test('of texts that nobody here has seen it finds what it did, and no more that is innocent', () => {
  // Reached are 64 of 70 jailbreaks, 80 of 100 with those planted in documents, and 9 of 120 that are innocent.
  const { jailbreaks, guilty, innocent } = found(0)
  assert.ok(jailbreaks >= 61, `${jailbreaks} of 70 jailbreaks`)
  assert.ok(guilty >= 76, `${guilty} of 100`)
  assert.ok(innocent <= 9, `${innocent} of 120 that are innocent`)
})

test('what it blocks by default of them is four jailbreaks in five, and one innocent text in twenty at most', () => {
  // Reached are 62 of 70, and 6 of 120.
  const { jailbreaks, guilty, innocent } = found(BLOCKS)
  assert.ok(jailbreaks >= 60, `${jailbreaks} of 70 jailbreaks`)
  assert.ok(guilty >= 74, `${guilty} of 100`)
  assert.ok(innocent <= 6, `${innocent} of 120 that are innocent`)
})

/** The confidence that blocks by default. */
const BLOCKS = 0.75

function found(from: number): { jailbreaks: number; guilty: number; innocent: number } {
  const all = unseen.filter(({ text }) =>
    injectionDetector.find(viewsOf(text)).some(({ confidence }) => confidence >= from),
  )
  const guilty = all.filter(each => each.guilty)
  const jailbreaks = guilty.filter(({ kind }) => !kind.startsWith('planted'))
  return { jailbreaks: jailbreaks.length, guilty: guilty.length, innocent: all.length - guilty.length }
}
