import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { oneView } from '../fixtures/one-view.ts'
import { secretsDetector } from './detector.ts'
import { givenAway } from './fixtures/given-away.ts'
import { innocent } from './fixtures/innocent.ts'
import { half } from './fixtures/half.ts'

/** Lines of a file that are looked at together. */
const PIECE = 30

const root = join(import.meta.dirname, '../../../../..')

function isFound(text: string): boolean {
  return secretsDetector.find(oneView(text)).length > 0
}

function share(texts: readonly string[]): number {
  return texts.filter(isFound).length / texts.length
}

describe('among texts that were not tuned on', () => {
  const given = half(givenAway, 'held back')
  const harmless = half(innocent, 'held back')

  test(`at least 94 % of ${given.length} texts that give a secret away are found`, () => {
    assert.ok(share(given) >= 0.94, `${share(given)}: ${given.filter(it => !isFound(it)).join('\n')}`)
  })

  test(`at most 2 % of ${harmless.length} innocent ones are taken for such`, () => {
    assert.ok(share(harmless) <= 0.02, `${share(harmless)}: ${harmless.filter(isFound).join('\n')}`)
  })
})

test('among the texts that were tuned on, all that give a secret away and no others are found', () => {
  assert.ok(share(half(givenAway, 'tuned')) >= 0.99)
  assert.ok(share(half(innocent, 'tuned')) <= 0.005)
})

test('sources and documents that others published are innocent, but for one piece in a thousand', () => {
  const files = [
    'fastify',
    'kysely',
    'zod',
    'commander',
    'undici',
    'ws',
    'yaml',
    'ajv',
    'prettier',
    'jose',
    'pg',
    'pino',
  ]
    .flatMap(name => globSync(`node_modules/${name}/**/*.{js,cjs,mjs,d.ts,md,json}`, { cwd: root }))
    .toSorted()
  const pieces = files.flatMap(file => inPieces(readFileSync(join(root, file), 'utf8')))
  assert.ok(pieces.length > 5_000, `only ${pieces.length} pieces`)
  assert.ok(share(pieces) <= 0.001, `${share(pieces)} of ${pieces.length}`)
})

test('the lockfile of this repository holds no secret', () => {
  assert.equal(isFound(readFileSync(join(root, 'package-lock.json'), 'utf8')), false)
})

function inPieces(text: string): string[] {
  const lines = text.split('\n')
  return Array.from({ length: Math.ceil(lines.length / PIECE) }, (_, at) =>
    lines.slice(at * PIECE, (at + 1) * PIECE).join('\n'),
  )
}
