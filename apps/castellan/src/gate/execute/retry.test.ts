import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Reply } from '../connector.ts'
import { mayRepeat, pause, pauseBefore } from './retry.ts'

const broken = (sent: boolean, retryable = true): Extract<Reply, { is: 'broken' }> => ({
  is: 'broken',
  sent,
  retryable,
  retryAfter: null,
  why: '',
})

describe('an attempt that broke may be repeated', () => {
  test('for reads and idempotent calls, when it may help', () => {
    assert.equal(mayRepeat('read', broken(true)), true)
    assert.equal(mayRepeat('idempotent', broken(true)), true)
    assert.equal(mayRepeat('read', broken(true, false)), false)
  })

  test('for unsafe calls only when nothing was sent', () => {
    assert.equal(mayRepeat('unsafe', broken(true)), false)
    assert.equal(mayRepeat('unsafe', broken(false)), true)
    assert.equal(mayRepeat('unsafe', broken(false, false)), false)
  })
})

describe('the pause before a repetition', () => {
  test('doubles up to a cap, and is anything from nothing to that', () => {
    assert.deepEqual(
      [2, 3, 4, 20].map(next => pauseBefore(next, null, () => 1)),
      [200, 400, 800, 5_000],
    )
    assert.equal(
      pauseBefore(9, null, () => 0),
      0,
    )
  })

  test('is never shorter than the server asked for', () => {
    assert.equal(
      pauseBefore(2, 1_500, () => 1),
      1_500,
    )
  })

  test('ends at once when the call is given up', async () => {
    const controller = new AbortController()
    const waiting = pause(60_000, controller.signal)
    controller.abort(new Error('cancelled'))
    await assert.rejects(waiting, /cancelled/)
  })
})
