import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lineDiff } from './line-diff.ts'
import { revealed } from './revealed.ts'

describe('the difference of two texts', () => {
  for (const [before, after, expected] of [
    ['', '', '  '],
    ['a b c', 'a b c', '  a|  b|  c'],
    ['a b c', 'a x c', '  a|- b|+ x|  c'],
    ['a c', 'a b c', '  a|+ b|  c'],
    ['a b c', 'a c', '  a|- b|  c'],
    ['a b', 'c d', '- a|- b|+ c|+ d'],
    ['a a', 'a', '  a|- a'],
    ['a b c d', 'b x d', '- a|  b|- c|+ x|  d'],
  ] as const) {
    test(`of "${before}" and "${after}"`, () =>
      assert.equal(lineDiff(before.split(' '), after.split(' ')).join('|'), expected))
  }

  test('loses no line, however different they are', () => {
    const [before, after] = [2_500, 1_700].map((length, seed) =>
      Array.from({ length }, (_, index) => String((index * (7 + seed)) % 13)),
    )
    const lines = lineDiff(before!, after!)
    const without = (sign: string) => lines.filter(each => !each.startsWith(sign)).map(each => each.slice(2))
    assert.deepEqual(without('+'), before)
    assert.deepEqual(without('-'), after)
  })
})

test('what is not shown is written out for a reviewer', () => {
  assert.equal(revealed('a\u200bb\u{E0041}\u202e\x1b[0m'), 'a\\u{200b}b\\u{e0041}\\u{202e}\\u{1b}[0m')
  assert.equal(revealed('Grüße, 你好 🙂'), 'Grüße, 你好 🙂')
})
