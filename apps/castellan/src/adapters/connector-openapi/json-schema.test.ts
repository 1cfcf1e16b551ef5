import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { documentOf, compileText, withBody } from './fixtures/compile-text.ts'

describe('schemas of OpenAPI 3.0 become JSON Schema 2020-12', () => {
  const rows: readonly (readonly [what: string, given: unknown, expected: unknown])[] = [
    ['nullable', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [
      'nullable with enum',
      { type: 'string', enum: ['a'], nullable: true },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    ['nullable: false', { type: 'string', nullable: false }, { type: 'string' }],
    [
      'nullable with allOf',
      { allOf: [{ type: 'string' }], nullable: true },
      { anyOf: [{ allOf: [{ type: 'string' }] }, { type: 'null' }] },
    ],
    [
      'exclusiveMinimum: true',
      { type: 'number', minimum: 1, exclusiveMinimum: true },
      { type: 'number', exclusiveMinimum: 1 },
    ],
    [
      'exclusiveMinimum: false',
      { type: 'number', minimum: 1, exclusiveMinimum: false },
      { type: 'number', minimum: 1 },
    ],
    ['exclusiveMaximum: true', { maximum: 9, exclusiveMaximum: true }, { exclusiveMaximum: 9 }],
    ['example', { type: 'string', example: 'x' }, { type: 'string', examples: ['x'] }],
    ['what says nothing about values', { type: 'string', xml: {}, discriminator: {}, 'x-a': 1 }, { type: 'string' }],
    ['a pattern of another language', { type: 'string', pattern: '(?i)[[:alpha:]' }, { type: 'string' }],
    [
      'bounds of 64-bit integers',
      { type: 'integer', minimum: -(2 ** 63), maximum: 2 ** 63, default: 2 ** 63 },
      { type: 'integer' },
    ],
    ['required as a boolean', { type: 'string', required: true }, { type: 'string' }],
    [
      'read-only properties',
      { type: 'object', required: ['id', 'a'], properties: { id: { type: 'string', readOnly: true }, a: {} } },
      { type: 'object', required: ['a'], properties: { a: {} } },
    ],
  ]
  for (const [what, given, expected] of rows) {
    test(what, async () => {
      const { body } = await withBody(given, { openapi: '3.0.3' })
      assert.deepEqual(body, expected)
    })
  }
})

test('a 3.1 schema stays as it is', async () => {
  const schema = {
    type: ['object', 'null'],
    properties: { __proto__x: { const: null }, a: { type: 'array', prefixItems: [{ type: 'integer' }], items: false } },
    patternProperties: { '^x': true },
    if: { required: ['a'] },
    else: { minProperties: 2 },
    unevaluatedProperties: false,
    examples: [{ a: [1] }],
    dependentRequired: { a: ['b'] },
  }
  assert.deepEqual((await withBody(schema)).body, schema)
})

test('a property called __proto__ is a property like any other', async () => {
  const schema = JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}') as unknown
  assert.deepEqual((await withBody(schema)).body, schema)
})

describe('references', () => {
  test('are replaced by what they name, with the notes that stand beside them', async () => {
    const schemas = {
      Pet: { type: 'object', properties: { tag: { $ref: '#/components/schemas/Tag' } } },
      Tag: { type: 'string' },
    }
    const { body } = await withBody({ $ref: '#/components/schemas/Pet', description: 'The pet.' }, { schemas })
    assert.deepEqual(body, { type: 'object', properties: { tag: { type: 'string' } }, description: 'The pet.' })
  })

  test('with constraints beside them keep both', async () => {
    const { body } = await withBody(
      { $ref: '#/components/schemas/Tag', maxLength: 3 },
      { schemas: { Tag: { type: 'string' } } },
    )
    assert.deepEqual(body, { allOf: [{ type: 'string' }], maxLength: 3 })
  })

  test('of recursive types stay, and point into $defs', async () => {
    const Node = { type: 'object', properties: { next: { $ref: '#/components/schemas/Node' } } }
    const { body, input } = await withBody({ $ref: '#/components/schemas/Node' }, { schemas: { Node } })
    const toDef = { type: 'object', properties: { next: { $ref: '#/$defs/Node' } } }
    assert.deepEqual(body, toDef)
    assert.deepEqual(input.$defs, { Node: toDef })
  })

  test('stay when replacing them would grow without measure', async () => {
    const doubling = Array.from({ length: 30 }, (_, level) => [
      `L${level}`,
      {
        type: 'object',
        properties: {
          a: { $ref: `#/components/schemas/L${level + 1}` },
          b: { $ref: `#/components/schemas/L${level + 1}` },
        },
      },
    ])
    const schemas = { ...Object.fromEntries(doubling), L30: { type: 'string' } }
    const { input } = await withBody({ $ref: '#/components/schemas/L0' }, { schemas })
    assert.equal(Object.keys(input.$defs as object).length, 31)
  })

  test('lead into other files beside the document, and on from there', async () => {
    const files = {
      'types/pet.yaml': 'Pet:\n  type: object\n  properties: {tag: {$ref: "tag.json"}}',
      'types/tag.json': { type: 'string' },
    }
    const { body } = await withBody({ $ref: 'types/pet.yaml#/Pet' }, { files })
    assert.deepEqual(body, { type: 'object', properties: { tag: { type: 'string' } } })
  })

  test('names with slashes, tildes and percent signs are found', async () => {
    const { body } = await withBody(
      { $ref: '#/components/schemas/a~1b~0c%20d' },
      { schemas: { 'a/b~c d': { type: 'string' } } },
    )
    assert.deepEqual(body, { type: 'string' })
  })
})

describe('a schema that cannot be used leaves its operation out, with a warning that says why', () => {
  const rows: readonly (readonly [given: unknown, why: RegExp])[] = [
    [{ $ref: '#/components/schemas/None' }, /leads to nothing/],
    [{ $ref: '#anchor' }, /anchor/],
    [{ $ref: 'gone.json' }, /not followed: there is no such file/],
    [{ $dynamicRef: '#x' }, /"\$dynamicRef"/],
    [{ $id: 'x' }, /"\$id"/],
    [{ type: 'file' }, /"type"/],
    [{ type: 'array', items: [{}] }, /neither an object nor a boolean/],
    [{ minimum: '1' }, /"minimum"/],
    [{ enum: 'a' }, /"enum"/],
    [{ properties: [] }, /"properties"/],
    [{ allOf: {} }, /"allOf"/],
    [{ enum: Array.from({ length: 40_000 }, (_, index) => index) }, /too large/],
    [7, /neither an object nor a boolean/],
  ]
  for (const [schema, why] of rows) {
    test(JSON.stringify(schema).slice(0, 60), async () => {
      const post = { requestBody: { content: { 'application/json': { schema } } } }
      const { operations, warnings } = await compileText(documentOf({ '/bad': { post }, '/good': { get: {} } }))
      assert.deepEqual(
        operations.map(({ path }) => path),
        ['/good'],
      )
      assert.match(warnings.join('\n'), why)
      assert.match(warnings.join('\n'), /POST \/bad left out/)
    })
  }
})
