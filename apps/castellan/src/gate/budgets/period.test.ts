import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import { endOf, periodOf } from './period.ts'

const at = new Date('2027-12-31T23:59:59.999Z')

test('periods follow the calendar of UTC, over the end of a year, too', () => {
  const ends = (['hour', 'day', 'month', 'total'] as const).map(window => {
    const period = periodOf(window, at)
    return [period.key, endOf(period)]
  })
  assert.deepEqual(ends, [
    ['2027-12-31T23', '2028-01-01T00:00:00.000Z'],
    ['2027-12-31', '2028-01-01T00:00:00.000Z'],
    ['2027-12', '2028-01-01T00:00:00.000Z'],
    ['total', null],
  ])
})

test('a moment lies in its period, and periods follow each other without a gap', () => {
  const moments = fc.date({ min: new Date('1980-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(moments, fc.constantFrom('hour', 'day', 'month'), (moment, window) => {
      const period = periodOf(window, moment)
      assert.ok(period.start <= moment.getTime() && moment.getTime() < period.end)
      const next = periodOf(window, new Date(period.end))
      assert.equal(next.start, period.end)
      assert.ok(next.key > period.key)
    }),
  )
})
