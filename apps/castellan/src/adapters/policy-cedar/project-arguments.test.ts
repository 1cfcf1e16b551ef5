import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import { MAX_LEAVES, projectArguments } from './project-arguments.ts'

describe('the projection of arguments', () => {
  test('has every leaf once, at its JSON Pointer and under its type', () => {
    assert.deepEqual(
      plain({ path: '/a', n: 1, 'a/b': { '~': [true, 'x', { '': 'y' }] }, '': 0.5, nil: null, none: [], no: {} }),
      {
        text: { '/path': '/a', '/a~1b/~0/1': 'x', '/a~1b/~0/2/': 'y', '/': '0.5' },
        number: { '/n': 1 },
        flag: { '/a~1b/~0/0': true },
      },
    )
  })

  test('of any JSON leads back to the values it came from, and holds nothing but leaves', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), args => {
        const projected = projectArguments(args as JsonObject)
        assert.ok(!('refused' in projected))
        for (const [pointer, value] of Object.entries({ ...projected.text, ...projected.number, ...projected.flag })) {
          const origin = resolve(args as JsonObject, pointer)
          assert.equal(value, typeof origin === 'number' && typeof value === 'string' ? JSON.stringify(origin) : origin)
        }
      }),
    )
  })

  test('has a tag for no name that means something to Cedar', () => {
    const { text, number } = plain({ __entity: { type: 'A', id: 'a' }, __extn: { fn: 'decimal', arg: 1 } })
    assert.deepEqual(Object.keys(text), ['/__entity/type', '/__entity/id', '/__extn/fn'])
    assert.deepEqual(Object.keys(number), ['/__extn/arg'])
  })

  test('holds exactly so many leaves, and refuses one more', () => {
    const list = (length: number) => projectArguments({ list: Array.from({ length }, () => 1) })
    assert.ok(!('refused' in list(MAX_LEAVES)))
    assert.ok('refused' in list(MAX_LEAVES + 1))
  })
})

function plain(args: JsonObject) {
  const projected = projectArguments(args)
  assert.ok(!('refused' in projected))
  return { text: { ...projected.text }, number: { ...projected.number }, flag: { ...projected.flag } }
}

function resolve(root: JsonValue, pointer: string): JsonValue {
  return pointer
    .split('/')
    .slice(1)
    .map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<JsonValue>((value, key) => (value as JsonObject)[key]!, root)
}
