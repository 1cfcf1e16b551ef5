import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fault, notFound } from '../kernel/index.ts'
import { inPortions, type SeenTo } from './in-portions.ts'

describe('what is kept until somebody sees to it', () => {
  const done = async (): Promise<SeenTo> => 'done'

  test('is seen to up to a limit, and says after which to go on', async () => {
    assert.deepEqual(await inPortions([9, 8, 7], 2, done), { done: 2, last: 8 })
    assert.deepEqual(await inPortions([9, 8], 2, done), { done: 2, last: null })
    assert.deepEqual(await inPortions([], 2, done), { done: 0, last: null })
  })

  test('is passed over where it stays, or where somebody else was faster', async () => {
    const seen: Record<number, SeenTo> = { 9: 'stays', 7: 'done' }
    const seeTo = async (one: number) => {
      if (one === 8) throw notFound('failure', '8')
      return seen[one]!
    }
    assert.deepEqual(await inPortions([9, 8, 7, 6], 3, seeTo), { done: 1, last: 7 })
  })

  test('is left as a whole once there is no room for the next', async () => {
    const seeTo = async (one: number): Promise<SeenTo> => (one === 8 ? 'full' : 'done')
    assert.deepEqual(await inPortions([9, 8, 7], 2, seeTo), { done: 1, last: null })
  })

  test('is left for the next portion when enough time has passed, though never all of it', async () => {
    assert.deepEqual(await inPortions([9, 8, 7], 3, done, AbortSignal.abort()), { done: 1, last: 9 })
  })

  test('is as far as it got when the store is away', async () => {
    const seeTo = () => Promise.reject(fault('STORE_UNAVAILABLE', { why: 'it is away' }))
    await assert.rejects(inPortions([9], 2, seeTo), { code: 'STORE_UNAVAILABLE' })
  })
})
