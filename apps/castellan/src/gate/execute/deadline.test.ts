import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { manualClock } from '../../kernel/index.ts'
import { Deadline } from './deadline.ts'

/** A deadline whose time passes only when the test says so. */
function within(
  limit: number,
  body: (deadline: Deadline, pass: (milliseconds: number) => void) => Promise<void> | void,
) {
  return async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    const clock = manualClock()
    const deadline = new Deadline(limit, new AbortController().signal, clock)
    try {
      await body(deadline, milliseconds => {
        clock.advance(milliseconds)
        mock.timers.tick(milliseconds)
      })
    } finally {
      deadline.close()
      mock.timers.reset()
    }
  }
}

describe('the deadline of a call', () => {
  test(
    'comes when its time is up',
    within(100, (deadline, pass) => {
      pass(99)
      assert.equal(deadline.over, null)
      pass(1)
      assert.equal(deadline.over, 'timeout')
      assert.ok(deadline.signal.aborted)
    }),
  )

  test(
    'moves with every sign of life of the server',
    within(100, (deadline, pass) => {
      for (let sign = 0; sign < 5; sign++) {
        pass(90)
        deadline.alive()
      }
      assert.equal(deadline.over, null)
      pass(100)
      assert.equal(deadline.over, 'timeout')
    }),
  )

  test(
    'comes after ten times its limit, whatever signs of life there are',
    within(100, (deadline, pass) => {
      let passed = 0
      for (; deadline.over === null && passed < 5_000; passed += 50) {
        deadline.alive()
        pass(50)
      }
      assert.equal(passed, 1_000)
    }),
  )

  test(
    'waits while the client is being asked, and gives the server its whole time afterwards',
    within(100, async (deadline, pass) => {
      pass(60)
      const { promise, resolve } = Promise.withResolvers<string>()
      const answer = deadline.asking(promise)
      pass(1_000_000)
      assert.equal(deadline.over, null)
      resolve('yes')
      assert.equal(await answer, 'yes')
      pass(99)
      assert.equal(deadline.over, null)
      pass(1)
      assert.equal(deadline.over, 'timeout')
    }),
  )

  test('is over at once when the caller has given up already', () => {
    const deadline = new Deadline(100, AbortSignal.abort(), manualClock())
    assert.equal(deadline.over, 'cancelled')
    deadline.close()
  })
})
