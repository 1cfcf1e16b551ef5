import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineSplitter } from './line-splitter.ts'

test('lines come out whole, however the bytes are cut', () => {
  const text = 'one\r\nzwei äöü\n\n   \n四\nrest'
  for (let size = 1; size <= 8; size++) {
    const lines: string[] = []
    const splitter = lineSplitter(100, line => lines.push(line.trim()))
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += size) assert.ok(splitter.push(bytes.subarray(at, at + size)))
    assert.deepEqual(lines, ['one', 'zwei äöü', '四'])
    splitter.flush()
    assert.deepEqual(lines.at(-1), 'rest')
  }
})

test('a line may be as long as the limit and no longer, with or without its end', () => {
  const ignore = () => {}
  assert.ok(lineSplitter(3, ignore).push(Buffer.from('abc\nabc')))
  assert.ok(!lineSplitter(3, ignore).push(Buffer.from('abcd\n')))
  assert.ok(!lineSplitter(3, ignore).push(Buffer.from('abcd')))
  const splitter = lineSplitter(3, ignore)
  assert.ok(splitter.push(Buffer.from('ab')))
  assert.ok(!splitter.push(Buffer.from('cd\n')))
})
