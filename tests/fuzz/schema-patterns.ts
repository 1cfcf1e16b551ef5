import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ajvValidator } from '../../apps/castellan/src/adapters/schema-ajv/index.ts'
import type { JsonObject } from '../../apps/castellan/src/kernel/index.ts'
import { mutated } from './inputs/mutation.ts'
import { written } from './inputs/odd-values.ts'
import { type Target, trial } from './target.ts'

/** Milliseconds for one check, on a machine that is busy with other things; what explodes takes centuries. */
const PATIENCE = 10_000

export const schemaPatterns: Target = {
  name: 'schema-patterns',
  promise: 'any schema gives a verdict on any value in bounded time, and a pattern means what it means in JavaScript',
  runs: 30,
  open() {
    const validator = ajvValidator()
    let checked = 0
    const check = (schema: JsonObject, value: unknown) => {
      const started = performance.now()
      const violations = validator.check(`schema ${checked++}`, schema, value as string)
      assert.ok(performance.now() - started < PATIENCE, 'it took too long')
      return violations
    }
    return trial(fc.oneof(patterns, schemas), given => {
      if ('schema' in given) {
        const violations = check(given.schema, given.value)
        assert.ok(violations.length <= 100)
        for (const { at, message } of violations) assert.ok(at.length + message.length < 1_000)
        return
      }
      const { pattern, repeated, end, short } = given
      check({ pattern }, repeated.repeat(5_000) + end)
      // Only what cannot explode may be asked of the engine that explodes.
      assert.equal(check({ pattern }, short).length === 0, new RegExp(pattern, 'u').test(short))
    })
  },
}

const atom = fc.constantFrom(
  'a',
  'b',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '\\s',
  '(?:a|b)',
  '(?:a|a)',
  '(?:a|ab)',
  '\\.',
  '^',
  '$',
)
const pattern: fc.Arbitrary<string> = fc.letrec<{ any: string }>(tie => ({
  any: fc.oneof(
    { maxDepth: 3 },
    atom,
    fc
      .tuple(tie('any'), fc.constantFrom('*', '+', '?', '{2,5}', '*?', '{0,20}'))
      .map(([inner, often]) => `(${inner})${often}`),
    fc.tuple(tie('any'), tie('any')).map(([left, right]) => left + right),
    fc.tuple(tie('any'), tie('any')).map(([left, right]) => `(?:${left}|${right})`),
  ),
})).any

const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', '.', '\u00e4'), maxLength: 8 })
const patterns = fc.record({ pattern, repeated: fc.constantFrom('a', 'ab', 'aab', ' '), end: text, short: text })

const honest: unknown = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, pattern: '^[a-z]+$', format: 'email' },
    count: { type: 'integer', minimum: 0, multipleOf: 2 },
    tree: { $ref: '#/$defs/tree' },
    any: { anyOf: [{ type: 'string' }, { type: 'array', items: { $ref: '#' }, uniqueItems: true }] },
  },
  required: ['name'],
  additionalProperties: false,
  $defs: { tree: { type: 'object', properties: { left: { $ref: '#/$defs/tree' } }, patternProperties: { '^x': {} } } },
}
const keywords = fc.constantFrom<unknown>(
  { $ref: '#' },
  { $ref: '#/$defs/tree' },
  { $ref: 'http://x/y' },
  { pattern: '(a+)+$' },
  { not: {} },
  true,
)
const schemas = fc
  .record({
    schema: mutated(fc.constant(honest), keywords).map(made => unwritten(made) as JsonObject),
    value: mutated(
      fc.constantFrom<unknown>({ name: 'a', count: 2, tree: { left: { left: {} } }, any: ['x', {}] }, 'aaaa', []),
    ).map(unwritten),
  })
  .filter(({ schema }) => typeof schema === 'object' && schema !== null && !Array.isArray(schema))

/** What arrives of a value; null in place of what nobody would have let in. */
function unwritten(value: unknown): unknown {
  try {
    return JSON.parse(written(value))
  } catch {
    return null
  }
}
