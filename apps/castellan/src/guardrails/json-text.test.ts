import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../tests/support/properties.ts'
import type { JsonValue } from '../kernel/index.ts'
import { jsonText, leavesAt, pointerTo, rewritten } from './json-text.ts'

describe('the texts of a JSON value', () => {
  test('stand behind their keys, line by line', () => {
    const { text } = jsonText({ name: 'Ann', ids: [{ ssn: 123456789 }, 'x'], few: 12, yes: true, none: null })
    assert.equal(text, 'name: Ann\nids: ssn: 123456789\nx\nfew: yes: none: ')
  })

  test('are those of the blocks of a result, without what every block has', () => {
    const { text } = jsonText({
      content: [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'two' },
      ],
    })
    assert.equal(text, 'one\ntwo\n')
  })

  test('are not the data of pictures, sounds and other bytes', () => {
    const { text } = jsonText({
      content: [
        { type: 'image', data: 'AAAA', mimeType: 'image/png' },
        { type: 'resource', resource: { blob: 'BBBB', mimeType: 'application/pdf' } },
        { type: 'resource', resource: { blob: 'CCCC', mimeType: 'text/plain' } },
        { type: 'note', data: 'DDDD' },
      ],
    })
    assert.deepEqual(
      [/AAAA/, /BBBB/, /CCCC/, /DDDD/].map(one => one.test(text)),
      [false, false, true, true],
    )
  })

  test('are found again at their places, whatever the value is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), given => {
        // As JSON says it: a number there is never a negative zero.
        const value = JSON.parse(JSON.stringify(given)) as JsonValue
        const texts = jsonText(value)
        let last = 0
        for (const leaf of texts.leaves) {
          assert.ok(leaf.start >= last && leaf.end <= texts.text.length)
          last = leaf.end
          if (leaf.end > leaf.start) assert.ok(leavesAt(texts, leaf.start, leaf.end).includes(leaf))
          const said = texts.text.slice(leaf.start, leaf.end)
          if (!leaf.isKey) assert.equal(String(at(value, pointerTo(leaf))), said)
        }
      }),
    )
  })
})

describe('a value with other texts in it', () => {
  const replaced = (value: JsonValue, replace: (said: string) => string | null) => {
    const texts = jsonText(value)
    const changes = texts.leaves.flatMap(leaf => {
      const text = replace(texts.text.slice(leaf.start, leaf.end))
      return text === null ? [] : [[leaf, text] as const]
    })
    return rewritten(value, new Map(changes))
  }

  test('differs only where it was changed, and the one given stays as it is', () => {
    const value = { a: ['x', { b: 'x' }], c: 1234567, d: 'y' }
    assert.deepEqual(
      replaced(value, said => (said === 'x' ? '*' : said === '1234567' ? '#' : null)),
      { a: ['*', { b: '*' }], c: '#', d: 'y' },
    )
    assert.deepEqual(value, { a: ['x', { b: 'x' }], c: 1234567, d: 'y' })
  })

  test('has its keys changed, too, in their places, and none gets lost', () => {
    const value = { first: 1, 'ann@example.org': { 'bob@example.org': 'x' }, 'eve@example.org': 2, last: 3 }
    const changed = replaced(value, said => (said.includes('@') ? '*' : said === 'x' ? 'y' : null))
    assert.equal(JSON.stringify(changed), '{"first":1,"* 2":{"*":"y"},"*":2,"last":3}')
  })

  test('may be a text alone, and may have a key called __proto__', () => {
    assert.equal(
      replaced('x', () => 'y'),
      'y',
    )
    const odd = JSON.parse('{"__proto__": "x", "b": {"__proto__": {"c": "x"}}}') as JsonValue
    assert.equal(
      JSON.stringify(replaced(odd, said => (said === 'x' ? 'y' : null))),
      '{"__proto__":"y","b":{"__proto__":{"c":"y"}}}',
    )
  })

  test('is the same when nothing was, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), given => {
        // As JSON says it: a number there is never a negative zero.
        const value = JSON.parse(JSON.stringify(given)) as JsonValue
        assert.deepEqual(
          replaced(value, said => said),
          numbersAsTexts(value),
        )
      }),
    )
  })
})

function at(value: JsonValue, pointer: string): unknown {
  const steps = pointer
    .split('/')
    .slice(1)
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  return steps.reduce<unknown>((holder, step) => (holder as Record<string, unknown>)[step], value)
}

/** What a leaf is replaced with is a text. */
function numbersAsTexts(value: JsonValue): unknown {
  return JSON.parse(JSON.stringify(value), (_, each: unknown) =>
    typeof each === 'number' && Math.abs(each) >= 1_000_000 ? String(each) : each,
  )
}
