import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import { windowsOf } from './windows.ts'

/** A token for each word, two for a word beyond the letters of English, and two around all of them. */
const encode = (text: string) => [0, ...(text.match(/[a-z]{1,4}|[^a-z\s]/gu) ?? []).map((_, at) => at), 0]

test('stretches leave nothing out, overlap, fit, and cut no letter', () => {
  const text = fc.array(fc.constantFrom('a', 'meeting', ' ', '\n', '😀', 'é', '1234567890'), { maxLength: 300 })
  fc.assert(
    fc.property(text, fc.integer({ min: 4, max: 40 }), (parts, longest) => {
      const given = parts.join('')
      const windows = [...windowsOf(given, longest, encode)]
      let end = 0
      for (const [at, window] of windows.entries()) {
        assert.ok(window.start <= end && window.start < window.end && window.ids.length <= longest)
        assert.ok(given.slice(window.start, window.end).isWellFormed())
        assert.ok(at === 0 || window.start > windows[at - 1]!.start)
        end = Math.max(end, window.end)
      }
      assert.equal(end, given.length)
    }),
  )
})
