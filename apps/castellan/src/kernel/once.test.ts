import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { once } from './once.ts'

describe('what is made once', () => {
  test('is made when it is asked for, and not again, whatever it is', () => {
    for (const value of [undefined, null, 0, {}]) {
      let times = 0
      const made = once(() => {
        times++
        return value
      })
      assert.equal(times, 0)
      assert.equal(made(), value)
      assert.equal(made(), value)
      assert.equal(times, 1)
    }
  })

  test('is tried again while it cannot be made', () => {
    let times = 0
    const made = once(() => {
      if (++times < 3) throw new Error('not yet')
      return times
    })
    assert.throws(made, /not yet/)
    assert.throws(made, /not yet/)
    assert.equal(made(), 3)
    assert.equal(made(), 3)
  })
})
