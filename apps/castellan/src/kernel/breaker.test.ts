import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { manualClock } from './clock.ts'
import { Breakers } from './breaker.ts'

function opened() {
  const clock = manualClock()
  const breakers = new Breakers(clock, { threshold: 3, rest: 1_000 })
  for (let failure = 0; failure < 3; failure++) breakers.failed('s')
  return { clock, breakers }
}

describe('a circuit', () => {
  test('opens after so many failures in a row and says so once', () => {
    const breakers = new Breakers(manualClock(), { threshold: 3, rest: 1_000 })
    assert.deepEqual(
      [breakers.failed('s'), breakers.failed('s'), breakers.failed('s'), breakers.failed('s')],
      [undefined, undefined, 'open', undefined],
    )
    assert.equal(breakers.admit('s'), false)
  })

  test('does not open when a success comes in between', () => {
    const breakers = new Breakers(manualClock(), { threshold: 2, rest: 1_000 })
    breakers.failed('s')
    breakers.succeeded('s')
    breakers.failed('s')
    assert.equal(breakers.admit('s'), true)
  })

  test('counts once what breaks for many together, and each time it does so again', () => {
    const clock = manualClock()
    const breakers = new Breakers(clock, { threshold: 3, rest: 1_000, together: 100 })
    const breaks = () => Array.from({ length: 10 }, () => breakers.failed('s')).find(state => state === 'open')
    const seen = [breaks()]
    for (let time = 0; time < 2; time++) {
      clock.advance(100)
      seen.push(breaks())
    }
    assert.deepEqual(seen, [undefined, undefined, 'open'])
  })

  test('lets one try after its rest, and closes when it succeeds', () => {
    const { clock, breakers } = opened()
    clock.advance(1_000)
    assert.deepEqual([breakers.admit('s'), breakers.admit('s')], [true, false])
    breakers.succeeded('s')
    assert.equal(breakers.state('s'), 'closed')
  })

  test('opens anew when the try fails', () => {
    const { clock, breakers } = opened()
    clock.advance(1_000)
    breakers.admit('s')
    assert.equal(breakers.failed('s'), 'open')
    assert.equal(breakers.restsFor('s'), 1_000)
  })

  test('lets the next one try at once when the try was cancelled', () => {
    const { clock, breakers } = opened()
    clock.advance(1_000)
    breakers.admit('s')
    breakers.abandoned('s')
    assert.equal(breakers.admit('s'), true)
  })

  test('of one server says nothing of another', () => {
    assert.equal(opened().breakers.admit('t'), true)
  })
})
