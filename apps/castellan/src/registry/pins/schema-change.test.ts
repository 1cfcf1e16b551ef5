import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonValue } from '../../kernel/index.ts'
import { schemaChanges } from './schema-change.ts'

const object = (properties: Record<string, JsonValue>, more: Record<string, JsonValue> = {}): JsonValue => ({
  type: 'object',
  properties,
  ...more,
})
const text = { type: 'string' }
const closed = { additionalProperties: false }

/** What is said of a change, as `what it is` and where. */
type Said = readonly string[]

const table: readonly (readonly [what: string, before: JsonValue, after: JsonValue, said: Said])[] = [
  ['nothing', object({ a: text }), object({ a: text }), []],
  ['another order of keys', { type: 'string', maxLength: 1 }, { maxLength: 1, type: 'string' }, []],
  ['a new optional property', object({ a: text }), object({ a: text, b: text }), ['widened /properties/b']],
  ['a new optional property, closed', object({}, closed), object({ b: text }, closed), ['widened /properties/b']],
  ['a new required property', object({}), object({ b: text }, { required: ['b'] }), ['widened /properties/b', 'narrowed /required']], // prettier-ignore
  ['a property that is gone, closed', object({ a: text, b: text }, closed), object({ a: text }, closed), ['narrowed /properties/b']], // prettier-ignore
  ['a property that is gone, open', object({ a: text, b: text }), object({ a: text }), ['widened /properties']],
  ['required dropped', object({ a: text }, { required: ['a'] }), object({ a: text }), ['widened /required']],
  ['required added', object({ a: text }), object({ a: text }, { required: ['a'] }), ['narrowed /required']],
  ['additionalProperties opened', object({}, closed), object({}), ['widened /additionalProperties']],
  ['additionalProperties opened a little', object({}, closed), object({}, { additionalProperties: text }), ['widened /additionalProperties']], // prettier-ignore
  ['additionalProperties closed', object({}), object({}, closed), ['narrowed /additionalProperties']],
  ['enum widened', { enum: ['a'] }, { enum: ['a', 'b'] }, ['widened /enum']],
  ['enum narrowed', { enum: ['a', 'b'] }, { enum: ['b'] }, ['narrowed /enum']],
  ['enum exchanged', { enum: ['a'] }, { enum: ['b'] }, ['widened /enum']],
  ['enum gone', { enum: ['a'] }, {}, ['widened /enum']],
  ['const into enum', { const: 'a' }, { enum: ['a', 'b'] }, ['widened /const', 'widened /enum']],
  ['const beside the same enum gone', { enum: ['a', 'b'], const: 'a' }, { enum: ['a', 'b'] }, ['changed /const']],
  ['type widened', text, { type: ['string', 'null'] }, ['widened /type']],
  ['type gone', text, {}, ['widened /type']],
  ['type narrowed', { type: ['string', 'null'] }, text, ['narrowed /type']],
  ['type exchanged', text, { type: 'number' }, ['widened /type']],
  ['integer into number', { type: 'integer' }, { type: 'number' }, ['widened /type']],
  ['number into integer', { type: 'number' }, { type: 'integer' }, ['narrowed /type']],
  ['maximum raised', { maximum: 1 }, { maximum: 2 }, ['widened /maximum']],
  ['maximum lowered', { maximum: 2 }, { maximum: 1 }, ['narrowed /maximum']],
  ['maximum gone', { maximum: 2 }, {}, ['widened /maximum']],
  ['minimum lowered', { minimum: 2 }, { minimum: 1 }, ['widened /minimum']],
  ['minLength raised', { minLength: 1 }, { minLength: 2 }, ['narrowed /minLength']],
  ['a new pattern', text, { ...text, pattern: '^a' }, ['narrowed /pattern']],
  ['another pattern', { pattern: '^a' }, { pattern: '^b' }, ['changed /pattern']],
  ['no pattern any more', { pattern: '^a' }, {}, ['widened /pattern']],
  ['items', { items: { maxLength: 1 } }, { items: { maxLength: 2 } }, ['widened /items/maxLength']],
  ['deep inside', object({ a: object({ b: { enum: [1] } }) }), object({ a: object({ b: { enum: [1, 2] } }) }), ['widened /properties/a/properties/b/enum']], // prettier-ignore
  ['more forms', { anyOf: [text] }, { anyOf: [text, { type: 'null' }] }, ['widened /anyOf']],
  ['fewer forms', { anyOf: [text, { type: 'null' }] }, { anyOf: [text] }, ['narrowed /anyOf']],
  ['another one of several', { oneOf: [text] }, { oneOf: [{ type: 'null' }] }, ['changed /oneOf']],
  ['a definition elsewhere', { $defs: { a: { maximum: 1 } } }, { $defs: { a: { maximum: 2 } } }, ['widened /$defs/a/maximum']], // prettier-ignore
  ['another reference', { $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }, ['changed /$ref']],
  ['narrower under a negation', { not: { $ref: '#/$defs/a' }, $defs: { a: {} } }, { not: { $ref: '#/$defs/a' }, $defs: { a: { maximum: 1 } } }, ['changed /$defs/a/maximum']], // prettier-ignore
  ['a description', text, { ...text, description: 'x' }, ['wording /description']],
  ['another default', { default: true }, { default: false }, ['changed /default']],
  ['a keyword nobody knows', {}, { 'x-run': 'y' }, ['changed /x-run']],
  ['a keyword like those of every object', {}, { constructor: 'y', toString: 'z' }, ['changed /constructor', 'changed /toString']], // prettier-ignore
  ['a property like those of every object', object({}), object({ constructor: text }), ['widened /properties/constructor']], // prettier-ignore
  ['true into false', true, false, ['narrowed ']],
  ['false into true', false, true, ['widened ']],
  ['what is no schema', 'x', 7, ['changed ']],
]

describe('a change of a schema', () => {
  for (const [what, before, after, said] of table) {
    test(`${what} is ${said.join(', ') || 'none'}`, () => {
      assert.deepEqual(
        schemaChanges(before, after).map(({ is, at }) => `${is} ${at}`),
        said,
      )
    })
  }

  test('is told of schemas deeper than anybody needs, without following them for ever', () => {
    const nested = (depth: number, leaf: JsonValue): JsonValue =>
      depth === 0 ? leaf : { items: nested(depth - 1, leaf) }
    const [change] = schemaChanges(nested(100, { maximum: 1 }), nested(100, { maximum: 0 }))
    assert.equal(change?.is, 'changed')
  })
})
