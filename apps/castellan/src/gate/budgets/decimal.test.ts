import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import { decimalOf, millionths, perMillion } from './decimal.ts'

const product = (a: unknown, b: unknown) => millionths(decimalOf(a)!, decimalOf(b)!)

describe('a decimal', () => {
  test('is exactly what is written', () => {
    assert.deepEqual(decimalOf('19.90'), { digits: 1990n, scale: 2 })
    assert.deepEqual(decimalOf(1e-7), { digits: 1n, scale: 7 })
    assert.deepEqual(decimalOf(1.5e21), { digits: 15n * 10n ** 20n, scale: 0 })
    assert.deepEqual(decimalOf(-0), { digits: 0n, scale: 0 })
  })

  for (const given of [
    -1,
    '-1',
    NaN,
    Infinity,
    '',
    ' 1',
    '1 ',
    '1,5',
    '0x10',
    '.5',
    '5.',
    '1e',
    '1e9999',
    '１',
    null,
    true,
    [1],
    {},
    '1'.repeat(41),
  ]) {
    test(`is not ${JSON.stringify(given) ?? String(given)}`, () => {
      assert.equal(decimalOf(given), null)
    })
  }

  test('is multiplied without binary fractions, and rounded up to a millionth', () => {
    // 19.99 × 10000 is 199899.99999999997 as the machine multiplies.
    assert.equal(product(19.99, 0.01), 199_900)
    assert.equal(product(0.1, 0.2), 20_000)
    assert.equal(product(3, 0.0000001), 1)
    assert.equal(product(0, 5), 0)
  })

  test('never makes more than a number holds', () => {
    assert.equal(product(1e300, 1e9), Number.MAX_SAFE_INTEGER)
    assert.equal(perMillion(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
  })

  test('of any number is the number', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), given => {
        const { digits, scale } = decimalOf(given)!
        assert.equal(Number(`${digits}e-${scale}`), given)
      }),
    )
  })
})
