import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatSize, parseSize } from './size.ts'

for (const [text, bytes] of [
  ['0B', 0],
  ['1023B', 1023],
  ['64KB', 65_536],
  ['512MB', 536_870_912],
  ['2GB', 2_147_483_648],
] as const) {
  test(`${text} is ${bytes} bytes, there and back`, () => {
    assert.equal(parseSize(text), bytes)
    assert.equal(formatSize(bytes), text)
  })
}

for (const text of ['', '512', '512mb', '1.5GB', '-1MB', '1 GB', '1TB', '9999999999B']) {
  test(`${JSON.stringify(text)} is no size`, () => assert.throws(() => parseSize(text), { code: 'REQUEST_INVALID' }))
}
