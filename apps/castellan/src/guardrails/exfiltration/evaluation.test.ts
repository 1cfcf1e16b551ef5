import assert from 'node:assert/strict'
import { readFileSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { oneView } from '../fixtures/one-view.ts'
import { exfiltrationDetector } from './detector.ts'
import { waysOut } from './fixtures/ways-out.ts'
import { waysWithin } from './fixtures/ways-within.ts'
import { half } from '../secrets/fixtures/half.ts'

const root = join(import.meta.dirname, '../../../../..')

function isFound(text: string): boolean {
  return exfiltrationDetector.find(oneView(text)).length > 0
}

function share(texts: readonly string[]): number {
  return texts.filter(isFound).length / texts.length
}

describe('among texts that were not tuned on', () => {
  const out = half(waysOut, 'held back')
  const within = half(waysWithin, 'held back')

  test(`at least 95 % of ${out.length} ways out are found`, () => {
    assert.ok(share(out) >= 0.95, `${share(out)}: ${out.filter(it => !isFound(it)).join('\n')}`)
  })

  test(`at most 3 % of ${within.length} innocent ones are taken for such`, () => {
    assert.ok(share(within) <= 0.03, `${share(within)}: ${within.filter(isFound).join('\n')}`)
  })
})

test('among the texts that were tuned on, all ways out and no others are found', () => {
  assert.ok(share(half(waysOut, 'tuned')) >= 0.99)
  assert.ok(share(half(waysWithin, 'tuned')) <= 0.005)
})

test('of the documents of packages, whose images and links are innocent, none is taken for a way out', () => {
  const documents = globSync('node_modules/*/README.md', { cwd: root }).toSorted()
  assert.ok(documents.length > 100)
  assert.deepEqual(
    documents.filter(file => isFound(readFileSync(join(root, file), 'utf8'))),
    [],
  )
})
