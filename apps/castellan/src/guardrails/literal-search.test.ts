import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LiteralSearch } from './literal-search.ts'

function places(literals: readonly string[], text: string): string[] {
  const found: string[] = []
  new LiteralSearch(literals).each(text, (literal, start, end) => {
    assert.equal(text.slice(start, end).toLowerCase(), literals[literal])
    found.push(`${literals[literal]}@${start}`)
  })
  return found.sort()
}

describe('a search for literals', () => {
  test('finds what lies inside of others and what overlaps', () => {
    assert.deepEqual(places(['he', 'she', 'his', 'hers'], 'ushers'), ['he@2', 'hers@2', 'she@1'])
    assert.deepEqual(places(['aa'], 'aaaa'), ['aa@0', 'aa@1', 'aa@2'])
  })

  test('does not care for the case of ASCII letters', () => {
    assert.deepEqual(places(['begin'], 'BEGIN Begin bEGIN'), ['begin@0', 'begin@12', 'begin@6'])
  })

  test('finds literals of any script, and literals given twice', () => {
    assert.deepEqual(places(['密码', 'пароль', '密码'], 'x密码 пароль'), ['пароль@4', '密码@1', '密码@1'])
  })

  test('finds the same as looking for one literal after the other', () => {
    const literals = ['ab', 'abc', 'bca', 'c', 'cab', 'aab', 'bb']
    let seed = 7
    for (let round = 0; round < 300; round++) {
      const text = Array.from({ length: 40 }, () => 'abcx'[(seed = (seed * 48_271) % 2_147_483_647) % 4]).join('')
      const expected = literals.flatMap(literal =>
        Array.from(text, (_, at) => at)
          .filter(at => text.startsWith(literal, at))
          .map(at => `${literal}@${at}`),
      )
      assert.deepEqual(places(literals, text), expected.sort())
    }
  })
})
