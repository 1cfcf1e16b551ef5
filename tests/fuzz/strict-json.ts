import assert from 'node:assert/strict'
import fc from 'fast-check'
import { canonicalize, isFault, parseStrict } from '../../apps/castellan/src/kernel/index.ts'
import { mutated } from './inputs/mutation.ts'
import { written } from './inputs/odd-values.ts'
import { torn } from './inputs/torn-text.ts'
import { type Target, trial } from './target.ts'

export const strictJson: Target = {
  name: 'strict-json',
  promise: 'strict parsing takes nothing that JSON is not and changes nothing; what it took has one canonical form',
  runs: 300,
  open: () =>
    trial(texts, text => {
      const strict = attempt(() => parseStrict(text))
      if (strict === null) return
      const native: unknown = JSON.parse(text)
      assert.deepEqual(strict.value, native)
      const canonical = canonicalize(strict.value)
      assert.equal(canonical, byTheLetter(native))
      assert.equal(canonicalize(parseStrict(canonical)), canonical)
    }),
}

const double = fc
  .uint8Array({ minLength: 8, maxLength: 8 })
  .map(bytes => Buffer.from(bytes).readDoubleBE(0))
  .filter(number => Number.isFinite(number) && !Number.isInteger(number))
const value = fc.letrec<{ any: unknown }>(tie => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(double, fc.integer(), fc.string({ unit: 'binary' }), fc.boolean(), fc.constant(null)),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary', maxLength: 5 }), tie('any'), { maxKeys: 6 }),
  ),
})).any

/** Short ones and, since those are read in another way, long ones. */
const texts = fc
  .tuple(torn(mutated(value).map(written)), fc.constantFrom(0, 0, 0, 70_000))
  .map(([bytes, blanks]) => ' '.repeat(blanks) + bytes.toString('utf8'))

function attempt<Value>(work: () => Value): { readonly value: Value } | null {
  try {
    return { value: work() }
  } catch (error) {
    if (!isFault(error, 'JSON_MALFORMED')) throw error
    return null
  }
}

/** Source: RFC 8785 section 3.2, value by value. */
function byTheLetter(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(byTheLetter).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const record = value as Readonly<Record<string, unknown>>
  const parts = Object.keys(record)
    .sort()
    .map(key => `${JSON.stringify(key)}:${byTheLetter(record[key])}`)
  return `{${parts.join(',')}}`
}
