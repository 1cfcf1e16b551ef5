import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cronerCalendar as calendar } from './croner-calendar.ts'

const BERLIN = 'Europe/Berlin'

function following(expression: string, zone: string, after: string, count: number): string[] {
  const found: string[] = []
  for (let at = new Date(after); found.length < count;) {
    at = calendar.next(expression, zone, at)!
    found.push(at.toISOString().slice(0, 16))
  }
  return found
}

describe('a moment that comes again', () => {
  test('is one of the clock of its zone', () => {
    assert.deepEqual(following('0 9 * * 1-5', 'Asia/Tokyo', '2026-05-01T00:30:00Z', 2), ['2026-05-04T00:00', '2026-05-05T00:00']) // prettier-ignore
  })

  test('of the hour that summer time leaves out comes when the clocks have gone forward', () => {
    assert.deepEqual(following('30 2 * * *', BERLIN, '2026-03-28T12:00:00Z', 2), ['2026-03-29T01:00', '2026-03-30T00:30']) // prettier-ignore
  })

  test('comes once on the day that has its hour twice, unless it is one of every hour', () => {
    assert.deepEqual(following('30 2 * * *', BERLIN, '2026-10-24T12:00:00Z', 2), ['2026-10-25T00:30', '2026-10-26T01:30']) // prettier-ignore
    assert.deepEqual(following('0 * * * *', BERLIN, '2026-10-24T23:30:00Z', 3), ['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00']) // prettier-ignore
  })
})

test('the newest moments of a time come oldest first, those at its very end with them, and none of its beginning', () => {
  const passed = (after: string, until: string, most: number) =>
    calendar.passed('*/10 * * * *', 'UTC', new Date(after), new Date(until), most).map(each => each.toISOString().slice(11, 16)) // prettier-ignore
  assert.deepEqual(passed('2026-01-01T10:00:00Z', '2026-01-01T10:30:00Z', 10), ['10:10', '10:20', '10:30'])
  assert.deepEqual(passed('2026-01-01T10:00:00Z', '2026-01-01T10:39:59.999Z', 2), ['10:20', '10:30'])
  assert.deepEqual(passed('2026-01-01T10:00:00Z', '2026-01-01T10:09:59Z', 2), [])
  assert.deepEqual(passed('2020-01-01T00:00:00Z', '2026-01-01T00:05:00Z', 1), ['00:00'])
})

test('what is no such expression, or no zone, is told', () => {
  for (const [expression, zone] of [
    ['* * * *', 'UTC'],
    ['61 * * * *', 'UTC'],
    ['0 0 30 2 *', 'UTC'],
    ['2030-01-01T00:00:00', 'UTC'],
    ['0 0 * * *', 'Nowhere/Atlantis'],
  ] as const)
    assert.notEqual(calendar.problem(expression, zone), null, expression)
  for (const expression of ['*/5 * * * *', '0 0 9 * * MON', '@daily', '0 0 L * *'])
    assert.equal(calendar.problem(expression, BERLIN), null, expression)
})
