import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable, properties, shortened, table } from './output.ts'

test('a table has columns as wide as their widest cell', () => {
  assert.equal(table(['a', 'bb'], [['xxx', 1], [null, 22]]), 'a    bb\nxxx  1\n–    22') // prettier-ignore
})

test('a row of a table stays one line, whatever its cells hold', () => {
  assert.equal(table(['name'], [['one\ntwo\tthree']]), 'name\none two three')
})

test('nothing that steers a terminal, hides or turns text is printed', () => {
  const hostile = '\u001B[31mred\u0007 \u009B2J \u202Egnp.exe \u2066x\u2069 \r over \uFEFF \uD800'
  assert.doesNotMatch(printable(hostile), /[\u001B\u0007\u009B\u202E\u2066\u2069\r\uFEFF\uD800]/u)
  assert.doesNotMatch(table(['a'], [[hostile]]), /\u001B/)
  assert.doesNotMatch(properties([['a', hostile]]), /\u001B/)
})

test('ordinary text of any script is printed as it is', () => {
  assert.equal(printable('zwei\nZeilen, 日本語 👍🏽\tok'), 'zwei\nZeilen, 日本語 👍🏽\tok')
})

test('properties without a value are left out', () => {
  assert.equal(properties([['name', 'x'], ['folder', null], ['on', false]]), 'name  x\non    false') // prettier-ignore
})

test('a long text is cut to its beginning, on one line', () => {
  assert.equal(shortened('one\n two three', 8), 'one two…')
  assert.equal(shortened('short', 8), 'short')
})
