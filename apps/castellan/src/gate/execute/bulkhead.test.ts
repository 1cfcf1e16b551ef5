import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Bulkhead } from './bulkhead.ts'

const patient = new AbortController().signal

describe('a bulkhead', () => {
  test('lets in its capacity and the next in order as places come free', async () => {
    const bulkhead = new Bulkhead(1)
    const order: string[] = []
    const leave = await bulkhead.enter(patient)
    const second = bulkhead.enter(patient).then(done => (order.push('second'), done))
    const third = bulkhead.enter(patient).then(done => (order.push('third'), done))
    leave()
    ;(await second)()
    ;(await third)()
    assert.deepEqual(order, ['second', 'third'])
    assert.equal(bulkhead.taken, 0)
  })

  test('does not lose the place of one who gave up waiting', async () => {
    const bulkhead = new Bulkhead(1)
    const leave = await bulkhead.enter(patient)
    const impatient = new AbortController()
    const waiting = bulkhead.enter(impatient.signal)
    impatient.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
    leave()
    assert.equal(bulkhead.taken, 0)
  })

  test('counts one who leaves twice once', async () => {
    const bulkhead = new Bulkhead(2)
    const leave = await bulkhead.enter(patient)
    await bulkhead.enter(patient)
    leave()
    leave()
    assert.equal(bulkhead.taken, 1)
  })
})
