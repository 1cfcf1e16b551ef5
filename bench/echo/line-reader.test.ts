import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineReader } from './line-reader.ts'

test('lines come whole, wherever the bytes were cut', () => {
  const bytes = Buffer.from('{"text":"größer"}\n{}\nrest')
  for (let cut = 0; cut <= bytes.length; cut++) {
    const reader = new LineReader()
    const lines = [...reader.read(bytes.subarray(0, cut)), ...reader.read(bytes.subarray(cut))]
    assert.deepEqual(lines, ['{"text":"größer"}', '{}'])
  }
})
