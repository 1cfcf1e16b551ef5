import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryAfter } from './retry-after.ts'

const now = new Date('2026-01-01T00:00:00Z')

for (const [header, milliseconds] of [
  ['7', 7_000],
  [' 0 ', 0],
  ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
  ['Thu, 01 Jan 2015 00:00:10 GMT', 0],
  ['99999999999999', 86_400_000],
  ['-1', null],
  ['1.5', null],
  ['soon', null],
  ['', null],
  [null, null],
] as const) {
  test(`Retry-After ${JSON.stringify(header)} means ${milliseconds}`, () => {
    assert.equal(retryAfter(header, now), milliseconds)
  })
}
