import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../tests/support/properties.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { isFault } from './fault.ts'

test('a number and a unit are so many milliseconds', () => {
  const cases = { '0ms': 0, '250ms': 250, '30s': 30_000, '5m': 300_000, '2h': 7_200_000, '7d': 604_800_000 }
  for (const [text, milliseconds] of Object.entries(cases)) assert.equal(parseDuration(text), milliseconds)
})

test('anything else is refused and quoted', () => {
  for (const text of ['', '5', 's', '-5s', '1.5s', '5 s', '5S', '5sec', ' 5s', '5s\n', '1h30m', '٣s', '999999999d']) {
    assert.throws(
      () => parseDuration(text),
      error => isFault(error, 'DURATION_INVALID') && error.message.includes(`"${text}"`),
    )
  }
})

test('what is written is short and reads back the same', () => {
  assert.equal(formatDuration(90_000), '90s')
  assert.equal(formatDuration(3_600_000), '1h')
  assert.equal(formatDuration(86_400_001), '86400001ms')
  assert.equal(formatDuration(0), '0ms')
  fc.assert(fc.property(fc.nat(999_999_999), millis => assert.equal(parseDuration(formatDuration(millis)), millis)))
})
