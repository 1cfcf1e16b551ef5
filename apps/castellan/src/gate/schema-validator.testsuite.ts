import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestJson, type JsonObject, type JsonValue } from '../kernel/index.ts'
import type { SchemaValidator } from './schema-validator.ts'

/** What the gate relies on in whatever checks arguments against JSON Schema. */
export function testSchemaValidator(name: string, create: () => SchemaValidator): void {
  describe(`schema validator ${name}`, () => {
    const validator = create()
    const check = (schema: JsonObject, value: JsonValue) => validator.check(digestJson(schema), schema, value)
    const passes = (schema: JsonObject, value: JsonValue) => check(schema, value).length === 0
    const expectAll = (schema: JsonObject, expected: readonly (readonly [JsonValue, boolean])[]) => {
      for (const [value, valid] of expected) {
        assert.equal(
          passes(schema, value),
          valid,
          `${JSON.stringify(value)?.slice(0, 100)} by ${JSON.stringify(schema).slice(0, 200)}`,
        )
      }
    }

    test('a value is checked for types, required and unknown properties, and told where it fails', () => {
      const schema = {
        type: 'object',
        properties: {
          path: { type: 'string', minLength: 1 },
          options: { type: 'object', properties: { depth: { type: 'integer' } } },
        },
        required: ['path'],
        additionalProperties: false,
      }
      assert.deepEqual(check(schema, { path: '/a', options: { depth: 2 } }), [])
      assert.equal(check(schema, {})[0]?.at, '')
      assert.match(check(schema, {})[0]!.message, /path/)
      assert.equal(check(schema, { path: '/a', options: { depth: 1.5 } })[0]?.at, '/options/depth')
      assert.equal(check(schema, { path: '/a', 'x/y': 1 })[0]?.at, '/x~1y')
    })

    test('a small value is told everything that is wrong with it', () => {
      const schema = { properties: { a: { type: 'string' }, b: { type: 'number' } }, required: ['a', 'b', 'c'] }
      assert.deepEqual(
        check(schema, { a: 1, b: '2' })
          .map(({ at }) => at)
          .sort(),
        ['', '/a', '/b'],
      )
    })

    test('violations never repeat a value', () => {
      const secret = 'hunter2'
      const schema: JsonObject = {
        properties: {
          a: { type: 'number' }, b: { enum: ['x'] }, c: { const: 'x' }, d: { pattern: '^x$' }, e: { format: 'date' },
          f: { maxLength: 1 }, g: { anyOf: [{ type: 'number' }, { const: 'x' }] }, h: { not: {} }, i: { uniqueItems: true },
          j: { contains: { const: 1 } }, k: { items: { type: 'number' } }, l: false,
        },
      } // prettier-ignore
      const value = Object.fromEntries(
        'abcdefghijkl'.split('').map(key => [key, key > 'h' ? [secret, secret] : secret]),
      )
      for (const [key, part] of Object.entries(value)) {
        const violations = check(schema, { [key]: part })
        assert.ok(violations.length > 0, key)
        assert.doesNotMatch(JSON.stringify(violations), /hunter2/)
      }
    })

    test('schemas that say nothing about types, and true and false, mean what they say', () => {
      expectAll({}, [[1, true], [null, true], [{ a: [] }, true]]) // prettier-ignore
      expectAll({ properties: { a: true, b: false } }, [
        [{ a: 1 }, true],
        [{ b: 1 }, false],
        ['not an object', true],
      ])
      expectAll({ required: ['a'] }, [['not an object', true], [{}, false]]) // prettier-ignore
    })

    test('2020-12: prefixItems, dependent and unevaluated properties, conditions', () => {
      expectAll({ prefixItems: [{ type: 'string' }, { type: 'number' }], items: false }, [
        [['a', 1], true],
        [['a'], true],
        [[1], false],
        [['a', 1, 2], false],
      ])
      expectAll({ dependentRequired: { a: ['b'] } }, [[{ a: 1, b: 1 }, true], [{ a: 1 }, false], [{}, true]]) // prettier-ignore
      expectAll({ allOf: [{ properties: { a: {} } }], properties: { b: {} }, unevaluatedProperties: false }, [
        [{ a: 1, b: 1 }, true],
        [{ c: 1 }, false],
      ])
      const conditional: JsonObject = {
        if: { properties: { kind: { const: 'a' } } },
        then: { required: ['x'] },
        else: { required: ['y'] },
      }
      expectAll(conditional, [
        [{ kind: 'a', x: 1 }, true],
        [{ kind: 'a', y: 1 }, false],
        [{ kind: 'b', y: 1 }, true],
      ])
      expectAll({ contains: { type: 'number' }, minContains: 2 }, [[[1, 'a', 2], true], [[1, 'a'], false]]) // prettier-ignore
    })

    test('references within a schema, recursive ones and dynamic ones are followed', () => {
      const tree = {
        $defs: {
          node: {
            type: 'object',
            properties: { value: { type: 'number' }, next: { $ref: '#/$defs/node' } },
            required: ['value'],
          },
        },
        $ref: '#/$defs/node',
      }
      expectAll(tree, [
        [{ value: 1, next: { value: 2, next: { value: 3 } } }, true],
        [{ value: 1, next: { value: 2, next: {} } }, false],
      ])
      const dynamic = {
        $id: 'https://example.com/strict',
        $dynamicAnchor: 'node',
        $ref: 'tree',
        unevaluatedProperties: false,
        $defs: {
          tree: {
            $id: 'tree',
            $dynamicAnchor: 'node',
            type: 'object',
            properties: { children: { type: 'array', items: { $dynamicRef: '#node' } } },
          },
        },
      }
      expectAll(dynamic, [
        [{ children: [{ children: [] }] }, true],
        [{ children: [{ childern: [] }] }, false],
      ])
      expectAll(
        {
          $id: 'https://example.com/root',
          properties: { a: { $ref: '#it' } },
          $defs: { x: { $anchor: 'it', type: 'string' } },
        },
        [
          [{ a: 'x' }, true],
          [{ a: 1 }, false],
        ],
      )
    })

    test('identifiers of one schema mean nothing to another', () => {
      const owner = { $id: 'https://example.com/shared', type: 'string' }
      const squatter = { $id: 'https://example.com/shared', type: 'number' }
      const guest = { $ref: 'https://example.com/shared' }
      expectAll(owner, [['a', true], [1, false]]) // prettier-ignore
      expectAll(squatter, [['a', false], [1, true]]) // prettier-ignore
      expectAll(guest, [['a', false], [1, false]]) // prettier-ignore
    })

    test('older versions are understood when the schema declares them', () => {
      expectAll(
        { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }], additionalItems: false },
        [
          [['a'], true],
          [[1], false],
          [['a', 'b'], false],
        ],
      )
      expectAll(
        {
          $schema: 'https://json-schema.org/draft/2019-09/schema',
          $recursiveAnchor: true,
          properties: { a: { $recursiveRef: '#' } },
          type: 'object',
        },
        [
          [{ a: { a: {} } }, true],
          [{ a: 1 }, false],
        ],
      )
      expectAll({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'string' }, [['a', true], [1, false]]) // prettier-ignore
    })

    test('a schema that cannot be used fails closed, with one violation at the root', () => {
      const unusable: JsonObject[] = [
        { type: 'strin' },
        { properties: [] },
        { minimum: 'one' },
        { required: 'a' },
        { $ref: '#/$defs/missing' },
        { $ref: 'https://example.com/elsewhere.json' },
        { $ref: 'http://127.0.0.1:1/never-fetched.json' },
        { $ref: 'file:///etc/passwd' },
        { $ref: 'constructor' },
        { properties: { a: { $ref: '__proto__' } } },
        { $schema: 'https://example.com/my-own-dialect' },
        { $schema: 7 },
        { enum: [deep(1_000)] },
        { description: 'x'.repeat(600_000) },
        deep(1_000) as JsonObject,
        deep(100_000) as JsonObject,
      ]
      const values: JsonValue[] = [{}, 'a', 1, null, { a: 1 }]
      for (const schema of unusable) {
        for (const value of values) {
          const violations = validator.check(`unusable ${unusable.indexOf(schema)}`, schema, value)
          assert.equal(violations.length, 1, JSON.stringify(violations).slice(0, 200))
          assert.equal(violations[0]!.at, '')
          assert.match(violations[0]!.message, /schema cannot be used/)
        }
      }
    })

    test('formats that are known are checked, others are not', () => {
      const expected: [string, JsonValue, boolean][] = [
        ['date-time', '2026-01-01T00:00:00Z', true],
        ['date-time', 'yesterday', false],
        ['email', 'a@example.com', true],
        ['email', 'a', false],
        ['uuid', '0192f0c1-2345-7abc-8def-0123456789ab', true],
        ['uuid', '0192', false],
        ['uri', 'https://example.com/a?b', true],
        ['uri', 'not a uri', false],
        ['ipv4', '127.0.0.1', true],
        ['ipv4', '127.0.0.256', false],
        ['date', 7, true],
        ['house-number', '?', true],
        ['constructor', 'anything', true],
        ['isPrototypeOf', 'anything', true],
        ['__proto__', 'anything', true],
      ]
      for (const [format, value, valid] of expected) expectAll({ format }, [[value, valid]])
    })

    test('patterns mean what they mean in JavaScript', () => {
      const texts = [
        '',
        'a',
        'A',
        'é',
        '😀',
        'a b',
        'a\u00a0b',
        'a\nb',
        'a\u2028b',
        '\v',
        '_-1',
        'a.b',
        '\\',
        '[x]',
        'tab\t',
      ]
      for (const pattern of [
        '^\\S+$',
        '\\s',
        '^.*$',
        '^.$',
        '^[\\s\\S]$',
        '^[^\\s]+$',
        '^[\\S]+$',
        '[.]',
        '\\.',
        '\\\\',
        '^\\w+$',
        '^[\\w-]+$',
        '\\bb',
        '^\\p{L}+$',
        '^(?:a|é)?$',
        '^(?<first>a)',
        '\\u0041|\\u{1F600}',
        '^[[\\]x]+$',
        'a$',
        '[\\b]|\\t',
        '^\\W$',
        '\\d{1,3}',
      ]) {
        const native = new RegExp(pattern, 'u')
        expectAll(
          { pattern },
          texts.map(text => [text, native.test(text)] as const),
        )
      }
    })

    test('a pattern that explodes elsewhere does not hold anything up', () => {
      const long = 'a'.repeat(50_000)
      for (const pattern of [
        '^(a+)+$',
        '^(a|a)*$',
        '^(a|aa)+$',
        '(a*)*b',
        '^(([a-z])+.)+[A-Z]([a-z])+$',
        '(.*a){20}',
      ]) {
        assert.equal(typeof passes({ pattern }, `${long}!`), 'boolean')
      }
      assert.equal(passes({ pattern: '^(a+)+$' }, `${long}!`), false)
      assert.equal(passes({ pattern: '^(a+)+$' }, long), true)
      assert.equal(passes({ patternProperties: { '^(a+)+$': false } }, { [`${long}!`]: 1 }), true)
      assert.equal(passes({ patternProperties: { '^(a+)+$': false } }, { [long]: 1 }), false)
    })

    test('names of prototype members are names like any other', () => {
      const value = (text: string) => JSON.parse(text) as JsonObject
      expectAll({ required: ['constructor', '__proto__', 'toString'] }, [
        [{}, false],
        [value('{"constructor":1,"__proto__":2,"toString":3}'), true],
      ])
      expectAll({ properties: { a: {} }, additionalProperties: false }, [
        [value('{"__proto__":{"a":1}}'), false],
        [{ constructor: 1 }, false],
        [{ a: 1 }, true],
      ])
      expectAll({ properties: { constructor: { type: 'string' }, hasOwnProperty: { type: 'string' } } }, [
        [{}, true],
        [{ constructor: 'a', hasOwnProperty: 'b' }, true],
        [{ constructor: 1 }, false],
        [{ hasOwnProperty: 1 }, false],
      ])
      expectAll({ properties: { a: { enum: [value('{"__proto__":1}')] } } }, [[{ a: {} }, false]])
      expectAll({ unevaluatedProperties: false }, [[value('{"__proto__":1}'), false]])
      assert.equal(({} as Record<string, unknown>).a, undefined)
    })

    test('text in a schema is never run', () => {
      const marks = globalThis as { castellanWasHere?: boolean }
      const code = 'globalThis.castellanWasHere=true'
      const breakouts = [
        `"+(${code})+"`,
        `\`\${${code}}\``,
        `';${code};//`,
        `*/${code}/*`,
        `\n${code}\n`,
        `\u2028${code}//`,
        `}${code};{`,
        `\\"];${code};//`,
      ]
      for (const text of breakouts) {
        const schema: JsonObject = {
          title: text, description: text, $comment: text, default: text, enum: [text, { [text]: text }], pattern: text,
          properties: { [text]: { const: text, format: text, type: 'string' } }, required: [text], patternProperties: { [text]: { const: text } },
          dependentRequired: { [text]: [text] }, dependentSchemas: { [text]: { required: [text] } }, propertyNames: { enum: [text] },
          $defs: { [text]: { const: text } }, [text]: text, anyOf: [{ $ref: `#/$defs/${encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'))}` }, {}],
          unevaluatedProperties: { const: text },
        } // prettier-ignore
        for (const value of [{}, { [text]: text }, text, { [text]: 1, b: 2 }]) {
          assert.equal(typeof check(schema, value).length, 'number')
        }
        for (const keyword of [
          '$id',
          '$ref',
          '$anchor',
          '$dynamicRef',
          '$dynamicAnchor',
          '$schema',
          'type',
          'format',
          '$vocabulary',
        ]) {
          assert.equal(typeof check({ [keyword]: text, type: 'string' }, 'a').length, 'number')
        }
      }
      assert.equal(marks.castellanWasHere, undefined)
    })

    test('nothing in a schema makes a value pass that should not', () => {
      expectAll({ $async: true, type: 'string' }, [[1, false], ['a', true]]) // prettier-ignore
      expectAll({ $defs: { a: { $async: true, type: 'string' } }, properties: { x: { $ref: '#/$defs/a' } } }, [
        [{ x: 1 }, false],
      ])
      expectAll({ type: 'string', nullable: true }, [[null, false], ['a', true]]) // prettier-ignore
      expectAll({ nullable: true, maxLength: 1 }, [['ab', false], ['a', true]]) // prettier-ignore
      expectAll({ id: 'urn:x', type: 'string' }, [[1, false], ['a', true]]) // prettier-ignore
      expectAll({ properties: { nullable: { type: 'string' }, id: { type: 'string' }, $async: { type: 'string' } } }, [
        [{ nullable: 1 }, false],
        [{ id: 1 }, false],
        [{ $async: 1 }, false],
        [{ nullable: 'a', id: 'b', $async: 'c' }, true],
      ])
      expectAll({ properties: { a: { minimum: 5 } }, required: ['a'] }, [[{ a: { $data: '1/b' } }, true], [{ a: 4 }, false]]) // prettier-ignore
    })

    test('equal and different items are told apart', () => {
      const different: JsonValue = [1, 2, '1', true, null, {}, [], { a: 1 }, { a: 2 }]
      expectAll({ uniqueItems: true }, [
        [different, true],
        [
          [
            { a: 1, b: 2 },
            { b: 2, a: 1 },
          ],
          false,
        ],
        [['a', 'b', 'a'], false],
        [[[1], [1]], false],
        [[0, -0], false],
        ['not an array', true],
      ])
      expectAll({ uniqueItems: false }, [[[1, 1], true]])
      expectAll({ enum: [1, 'a', null, { a: [1] }] }, [
        [1, true],
        ['1', false],
        [null, true],
        [{ a: [1] }, true],
        [{ a: [1], b: 1 }, false],
      ])
    })

    test('a hostile schema or value is answered, whatever the answer', () => {
      const doubling: Record<string, JsonValue> = { d40: { type: 'string' } }
      for (let level = 0; level < 40; level++) {
        doubling[`d${level}`] = { anyOf: [{ $ref: `#/$defs/d${level + 1}` }, { $ref: `#/$defs/d${level + 1}` }] }
      }
      const numbers = Array.from({ length: 10_000 }, (_, index) => index)
      const hostile: [JsonObject, JsonValue][] = [
        [{ $ref: '#' }, 1],
        [{ $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }, 1],
        [{ allOf: [{ $ref: '#' }, { $ref: '#' }] }, 1],
        [{ $defs: doubling, $ref: '#/$defs/d0' }, 1],
        [{ anyOf: numbers.map(number => ({ const: number })) }, 'a'],
        [{ items: { anyOf: numbers.slice(0, 1_000).map(number => ({ const: number })) } }, numbers.map(String)],
        [{ items: { enum: numbers } }, numbers],
        [{ uniqueItems: true }, numbers.map(number => ({ number }))],
        [{ allOf: numbers.slice(0, 2_000).map(number => ({ pattern: `^.{1,900}${number}$` })) }, 'a'.repeat(10_000)],
        [{ pattern: '[a-z]{1000}'.repeat(1_000) }, 'a'.repeat(50_000)],
        [{ pattern: '((a{1,100}){1,100}){1,100}' }, 'a'.repeat(50_000)],
        [{ type: numbers.map(number => `type ${number}`) }, 1],
        [{ required: numbers.map(String) }, {}],
        [{ properties: Object.fromEntries(numbers.map(number => [`p${number}`, { type: 'string' }])) }, { p9999: 1 }],
        [{ format: 'email' }, `${'a.'.repeat(100_000)}@`],
        [{ format: 'uri' }, `http://${'a'.repeat(100_000)} `],
        [deep(100) as JsonObject, deep(100)],
        [{ properties: { a: { $ref: '#' } } }, deep(50_000)],
      ]
      for (const [schema, value] of hostile) {
        const violations = validator.check(`hostile ${hostile.findIndex(each => each[0] === schema)}`, schema, value)
        assert.ok(violations.length <= 100)
        for (const { at, message } of violations) assert.ok(at.length + message.length < 1_000)
      }
      assert.equal(passes({ type: 'string' }, 'a'), true, 'and the validator still answers')
    })

    test('a schema is compiled once for its digest', () => {
      const digest = 'sha256:the same'
      assert.deepEqual(validator.check(digest, { type: 'string' }, 'a'), [])
      assert.deepEqual(
        validator.check(digest, { type: 'number' }, 'a'),
        [],
        'the digest says that it is still the first schema',
      )
      assert.equal(validator.check('sha256:another', { type: 'number' }, 'a').length, 1)
    })
  })
}

function deep(levels: number): JsonValue {
  let value: JsonValue = {}
  for (let level = 0; level < levels; level++) value = { not: value }
  return value
}
