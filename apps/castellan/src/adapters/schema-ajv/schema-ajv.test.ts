import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testSchemaValidator } from '../../gate/schema-validator.testsuite.ts'
import { boundedRun, stoodStill, timedOut } from './bounded-run.ts'
import { ajvValidator } from './index.ts'

testSchemaValidator('ajv', () => ajvValidator())

describe('the compiled schemas of Ajv', () => {
  test('are kept up to a number, the ones used last', () => {
    const validator = ajvValidator({ schemas: 2, text: 1_000_000 })
    // Whether a digest is still known shows when it comes back with another schema.
    const knows = (digest: string) => validator.check(digest, { type: 'number' }, 'text').length === 0
    for (const digest of ['a', 'b', 'a', 'c']) validator.check(digest, { type: 'string' }, 'text')
    assert.equal(knows('a'), true)
    assert.equal(knows('c'), true)
    assert.equal(knows('b'), false)
  })

  test('are kept up to an amount of text', () => {
    const validator = ajvValidator({ schemas: 100, text: 2_500 })
    const knows = (digest: string) => validator.check(digest, { type: 'number' }, 'text').length === 0
    for (const digest of ['a', 'b', 'c']) {
      validator.check(digest, { type: 'string', description: 'x'.repeat(1_000) }, 'text')
    }
    assert.equal(knows('c'), true)
    assert.equal(knows('b'), true)
    assert.equal(knows('a'), false)
  })

  test('are used even when one alone is larger than the amount', () => {
    const validator = ajvValidator({ schemas: 100, text: 10 })
    assert.deepEqual(validator.check('a', { type: 'string', description: 'long enough' }, 'text'), [])
    assert.equal(validator.check('b', { type: 'string', description: 'long enough' }, 1).length, 1)
  })

  test('go when nobody asked for them for a while', () => {
    const validator = ajvValidator()
    const knows = (digest: string) => validator.check(digest, { type: 'number' }, 'text').length === 0
    for (const digest of ['used', 'unused', 'used', 'unused']) validator.check(digest, { type: 'string' }, 'text')
    validator.dropUnused()
    assert.equal(knows('used'), true)
    validator.dropUnused()
    assert.equal(knows('used'), true)
    assert.equal(knows('unused'), false)
  })
})

describe('what Ajv does not check', () => {
  const validator = ajvValidator()

  test('is a pattern that linear time cannot express: the rest of the schema holds, and there is a warning', () => {
    const schema = { properties: { password: { type: 'string', minLength: 3, pattern: '^(?=.*\\d)(?!.*\\s).+$' } } }
    assert.deepEqual(validator.check('look-around', schema, { password: 'no digit' }), [])
    assert.equal(validator.check('look-around', schema, { password: 'a1' }).length, 1)
    const warnings = validator.warnings('look-around', schema)
    assert.equal(warnings.length, 1)
    assert.match(warnings[0]!, /\(\?=\.\*\\d\).* is not checked/)
  })

  test('is a property whose pattern cannot be expressed, and so neither which properties are additional', () => {
    const schema = { patternProperties: { '(a)\\1': false, '^x-': { type: 'string' } }, additionalProperties: false }
    assert.deepEqual(validator.check('names', schema, { aa: 1, other: 2, 'x-a': 'text' }), [])
    assert.equal(validator.check('names', schema, { 'x-a': 1 }).length, 1)
    assert.equal(validator.warnings('names', schema).length, 1)
  })

  test('is nothing in an ordinary schema', () => {
    assert.deepEqual(
      validator.warnings('ordinary', { type: 'string', pattern: '^[a-z]{1,64}$', format: 'hostname' }),
      [],
    )
  })
})

describe('a bounded run', () => {
  test('returns what the function returns, and throws what it throws', () => {
    assert.equal(
      boundedRun(1_000, () => 7),
      7,
    )
    assert.throws(() => boundedRun(1_000, () => assert.fail('mine')), /mine/)
  })

  test('ends a loop, a recursion and a regular expression, and leaves the next run unharmed', () => {
    const endless: (() => unknown)[] = [
      () => {
        for (;;);
      },
      () => /^(a+)+$/.test(`${'a'.repeat(40)}!`),
      () => {
        try {
          for (;;);
        } catch {
          return 'caught'
        }
      },
    ]
    for (const work of endless) assert.equal(boundedRun(50, work), timedOut)
    assert.equal(
      boundedRun(1_000, () => 7),
      7,
    )
  })

  test('tells a process that stood still from one that worked', () => {
    assert.equal(boundedRun(50, standStill), stoodStill)
  })
})

test('what stood still while it was checked is checked again, and not said to take too long', () => {
  const validator = ajvValidator()
  const schema = { $defs: { n: { type: 'integer' } }, properties: { n: { $ref: '#/$defs/n' } } }
  const valueOf = (n: number, stops: number) => {
    let reads = 0
    return {
      get n() {
        // The first time it is measured, before anybody watches.
        if (reads++ > 0 && reads <= stops + 1) standStill()
        return n
      },
    }
  }
  assert.deepEqual(validator.check('a', schema, valueOf(1, 2)), [])
  assert.match(validator.check('a', schema, valueOf(0.5, 2))[0]!.message, /integer/)
  assert.match(validator.check('a', schema, valueOf(1, 100))[0]!.message, /too long/)
  assert.deepEqual(validator.check('a', schema, { n: 1 }), [])
})

/** As a process that is suspended. */
function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000)
}
