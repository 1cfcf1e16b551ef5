import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { exposedName, matchesPattern, MAX_NAME, SERVER_NAME } from './names.ts'

describe('exposed names', () => {
  test('a plain tool is server__tool', () => {
    assert.equal(exposedName('files', 'tool', 'read_file'), 'files__read_file')
  })

  test('two long names that share their first 60 characters stay apart and fit', () => {
    const stem = 'a'.repeat(80)
    const one = exposedName('files', 'tool', `${stem}1`)
    const two = exposedName('files', 'tool', `${stem}2`)
    assert.notEqual(one, two)
    assert.ok(one.length <= MAX_NAME && two.length <= MAX_NAME)
  })

  test('names that differ only in characters no client accepts stay apart', () => {
    const names = ['a.b', 'a/b', 'a b', 'a_b', 'ä', 'ö'].map(name => exposedName('s', 'tool', name))
    assert.equal(new Set(names).size, names.length)
    for (const name of names) assert.match(name, /^[A-Za-z0-9_-]{1,64}$/)
  })

  test('a prompt offered as a tool does not take the name of a tool', () => {
    assert.notEqual(exposedName('s', 'prompt', 'review', true), exposedName('s', 'tool', 'review'))
  })

  test('a name depends on nothing that happened before', () => {
    const once = exposedName('s', 'tool', 'x.y')
    exposedName('s', 'tool', 'x_y')
    assert.equal(exposedName('s', 'tool', 'x.y'), once)
  })
})

describe('server names', () => {
  for (const name of ['files', 'a', 'my-server-2', '7zip'])
    test(`${name} is allowed`, () => assert.match(name, SERVER_NAME))
  for (const name of ['', 'A', '-a', 'a-', 'a--b', 'a_b', 'a__b', 'a b', 'x'.repeat(25), '../x', 'ä']) {
    test(`"${name}" is refused`, () => assert.doesNotMatch(name, SERVER_NAME))
  }
})

describe('patterns', () => {
  const cases: readonly [string, string, boolean][] = [
    ['*', '', true],
    ['*', 'anything', true],
    ['read', 'read', true],
    ['read', 'reads', false],
    ['read_*', 'read_file', true],
    ['read_*', 'write_file', false],
    ['*_file', 'read_file', true],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['files/*', 'files/read', true],
    ['a.c', 'abc', false],
  ]
  for (const [pattern, name, expected] of cases) {
    test(`${pattern} ${expected ? 'fits' : 'does not fit'} "${name}"`, () => {
      assert.equal(matchesPattern(pattern, name), expected)
    })
  }

  test('a hostile pattern ends', () => {
    assert.equal(matchesPattern(`${'*a'.repeat(5_000)}b`, 'a'.repeat(50_000)), false)
  })
})
