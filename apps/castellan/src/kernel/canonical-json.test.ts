import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../tests/support/properties.ts'
import { canonicalize, MAX_DEPTH, parseStrict } from './canonical-json.ts'
import { isFault } from './fault.ts'

/** Any JSON value within I-JSON: integers that a double holds exactly, and well-formed text. */
const json = fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }).map(exact)

function exact(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value) ? 0.5 : value
  if (Array.isArray(value)) return value.map(exact)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.create(null) as Record<string, unknown>
  for (const [key, child] of Object.entries(value)) copy[key] = exact(child)
  return copy
}

/** Objects whose keys were added in any order, each as a key of its own. */
function objects(key: fc.Arbitrary<string>, value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 5 })
    .map(pairs =>
      JSON.parse(`{${pairs.map(([name, each]) => `${JSON.stringify(name)}:${JSON.stringify(each)}`).join(',')}}`),
    )
}

const notCanonical = (error: unknown) => isFault(error, 'JSON_NOT_CANONICAL')
const malformed = (error: unknown) => isFault(error, 'JSON_MALFORMED')

describe('canonicalize', () => {
  test('numbers are written as ECMAScript writes them', () => {
    const cases: readonly [number, string][] = [
      [0, '0'], [-0, '0'], [1.0, '1'], [-1.5, '-1.5'], [4.5, '4.5'], [2e-3, '0.002'], [1e-7, '1e-7'], [0.000001, '0.000001'],
      [Number('333333333.33333329'), '333333333.3333333'], [5e-324, '5e-324'], [9007199254740991, '9007199254740991'],
      [-9007199254740991, '-9007199254740991'], [0.1 + 0.2, '0.30000000000000004'], [1e-27, '1e-27'], [123e5, '12300000'],
    ] // prettier-ignore
    for (const [number, text] of cases) assert.equal(canonicalize(number), text)
  })

  test('keys are sorted by UTF-16 code units, at every level', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': { b: 1, a: 2 } }
    assert.equal(
      canonicalize(value),
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":{"a":2,"b":1},"\u20ac":1,"\u{1f600}":5,"\ufb33":3}',
    )
  })

  test('text is escaped only where JSON demands it, in the shortest form', () => {
    assert.equal(
      canonicalize('\b\t\n\f\r"\\/\u0000\u001f\u007f\u2028€'),
      '"\\b\\t\\n\\f\\r\\"\\\\/\\u0000\\u001f\u007f\u2028€"',
    )
  })

  test('literals, empty things and the order of arrays are kept', () => {
    assert.equal(canonicalize([null, true, false, {}, [], [3, 1, 2], '']), '[null,true,false,{},[],[3,1,2],""]')
  })

  test('a key named __proto__ is a key like any other', () => {
    assert.equal(canonicalize(JSON.parse('{"__proto__":{"a":1},"a":2}')), '{"__proto__":{"a":1},"a":2}')
  })

  test('what I-JSON forbids is refused with its place', () => {
    const refused: readonly unknown[] = [
      NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 1e30, 1n, undefined, () => 1, Symbol('s'), '\ud800', 'a\udc00b',
      new Date(0), new Map(), new Uint8Array(1), Object('boxed'), Object.assign([], { length: 1 }), /x/,
    ] // prettier-ignore
    for (const value of refused) {
      assert.throws(() => canonicalize(value), notCanonical)
      assert.throws(() => canonicalize({ deep: [value] }), /at \/deep\/0/)
    }
    assert.throws(() => canonicalize({ '\ud800': 1 }), notCanonical)
  })

  test(`nesting is bounded at ${MAX_DEPTH} levels, as in parsing`, () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
    const empty = (levels: number): unknown => (levels === 1 ? [] : [empty(levels - 1)])
    for (const make of [nested, empty]) {
      const text = canonicalize(make(MAX_DEPTH))
      assert.deepEqual(parseStrict(text), make(MAX_DEPTH))
      assert.throws(() => canonicalize(make(MAX_DEPTH + 1)), notCanonical)
      assert.throws(() => parseStrict(`[${text}]`), malformed)
    }
  })

  test('what was written reads back equal, and writing it again changes nothing', () => {
    fc.assert(
      fc.property(json, value => {
        const text = canonicalize(value)
        assert.deepEqual(exact(parseStrict(text)), exact(JSON.parse(JSON.stringify(value))))
        assert.equal(canonicalize(parseStrict(text)), text)
      }),
    )
  })

  test('keys that objects treat in a way of their own are sorted like any other', () => {
    const key = fc.constantFrom(
      '1',
      '10',
      '2',
      '01',
      '-1',
      '',
      ' ',
      '!',
      'a',
      'b',
      '__proto__',
      'toJSON',
      'constructor',
      'é',
    )
    const value = fc.letrec<{ any: unknown }>(tie => ({
      any: fc.oneof({ maxDepth: 3 }, fc.constantFrom(0, 'x', null), fc.array(tie('any')), objects(key, tie('any'))),
    })).any
    fc.assert(
      fc.property(value, given => {
        assert.equal(canonicalize(given), byTheLetter(given))
      }),
      { numRuns: 1_000 },
    )
    assert.throws(() => canonicalize({ toJSON: () => 'forged' }), notCanonical)
    assert.equal(canonicalize(Object.assign([1], { toJSON: () => 'forged' })), '[1]')
  })

  test('the order in which keys were added does not matter', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), json), record => {
        const reversed = Object.fromEntries(Object.entries(record).toReversed())
        assert.equal(canonicalize(reversed), canonicalize({ ...record }))
      }),
    )
  })
})

/** RFC 8785 by the letter, value by value. */
function byTheLetter(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(byTheLetter).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const record = value as Record<string, unknown>
  const parts = Object.keys(record).sort().map(key => `${JSON.stringify(key)}:${byTheLetter(record[key])}`) // prettier-ignore
  return `{${parts.join(',')}}`
}

describe('parseStrict', () => {
  test('agrees with the native parser on every valid text', () => {
    fc.assert(
      fc.property(json, fc.integer({ min: 0, max: 3 }), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        assert.deepEqual(parseStrict(text), JSON.parse(text))
      }),
    )
  })

  test('accepts nothing that the native parser refuses', () => {
    const alphabet = fc.constantFrom(...'{}[]:,"\\u0 1-.eEatrufalsn\n'.split(''))
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 12 }), text => {
        let expected: unknown
        try {
          expected = JSON.parse(text)
        } catch {
          assert.throws(() => parseStrict(text), malformed)
          return
        }
        try {
          assert.deepEqual(parseStrict(text), expected)
        } catch (error) {
          // Stricter than native is right, as long as it is said in the one way.
          if (!malformed(error)) throw error
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('a key that appears twice is refused, also when it is written differently', () => {
    for (const text of [
      '{"a":1,"a":2}',
      '{"a":1,"\\u0061":2}',
      '[{"x":{"k":[],"k":{}}}]',
      '{"":1,"":2}',
      '{"a":"a","b":"a","a":0}',
    ]) {
      assert.throws(() => parseStrict(text), /appears twice \(at character \d+\)/)
    }
  })

  test('equal keys in different objects, and keys equal to values, are fine', () => {
    for (const text of [
      '{"a":{"a":1},"b":{"a":1}}',
      '[{"a":1},{"a":1}]',
      '{"a":"a","b":["a","a"],"c":"b"}',
      '{"a":[{}],"b":{}}',
    ]) {
      assert.deepEqual(parseStrict(text), JSON.parse(text))
    }
  })

  test('is as strict with a short text as with a long one', () => {
    const alphabet = fc.constantFrom(
      ...'{}[]:,"a1'.split(''),
      '"a":',
      '"a":',
      '1,',
      '9007199254740993',
      '1e+21',
      '"\\ud800"',
      '\\u0061',
    )
    const verdict = (text: string): unknown => {
      try {
        return { value: parseStrict(text) }
      } catch (error) {
        return malformed(error)
      }
    }
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 10 }), parts => {
        const text = parts.join('')
        // What stands before any JSON text is skipped by both parsers, and makes this one too long to be taken as it is.
        assert.deepEqual(verdict(text), verdict(' '.repeat(70_000) + text))
      }),
      { numRuns: 200 },
    )
    for (const text of [
      '{"a":1,"a":1}',
      '9007199254740993',
      '[1e+21]',
      '"\\ud800"',
      `${'['.repeat(129)}${']'.repeat(129)}`,
    ]) {
      assert.throws(() => parseStrict(text), malformed)
    }
  })

  test('lone surrogates are refused, raw and escaped, in keys and in values', () => {
    for (const text of ['"\ud800"', '"\\ud800"', '"\\udc00\\ud800"', '{"\\udfff":1}']) {
      assert.throws(() => parseStrict(text), /lone surrogate/)
    }
    assert.equal(parseStrict('"\\ud83d\\ude00"'), '\u{1f600}')
  })

  test('numbers that would not be kept are refused', () => {
    for (const text of [
      '9007199254740992',
      '-9007199254740993',
      '[1e16]',
      '1e400',
      '-1e999',
      '{"a":12345678901234567890}',
    ]) {
      assert.throws(() => parseStrict(text), malformed)
    }
    assert.equal(parseStrict('9007199254740991'), 9007199254740991)
    assert.equal(parseStrict('-0.5e-3'), -0.0005)
  })

  test('deep nesting is refused before anything is built', () => {
    assert.throws(() => parseStrict('['.repeat(1_000_000)), /nested deeper than 128 levels/)
    assert.throws(() => parseStrict('{"a":'.repeat(1_000_000)), /nested deeper than 128 levels/)
  })

  test('the complaint is text that can be passed on, whatever it complains of', () => {
    for (const text of ['\u{1f600}', '[1,\u{40000}]', '{"a":1}\u{1f600}', '{\u{1f600}']) {
      assert.throws(
        () => parseStrict(text),
        error => malformed(error) && (error as Error).message.isWellFormed(),
      )
    }
  })

  test('the complaint does not repeat the text, which may hold a secret', () => {
    for (const text of ['{"password":"hunter2",oops}', '{"a":"hunter2" "b"}', '"hunter2', '{"a":hunter2}']) {
      try {
        parseStrict(text)
        assert.fail('not refused')
      } catch (error) {
        assert.ok(isFault(error, 'JSON_MALFORMED'))
        assert.doesNotMatch(error.message, /hunter/)
        assert.equal(error.cause, undefined)
      }
    }
  })
})
