import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Journal, type JournalStore } from '../../journal/index.ts'
import { systemClock } from '../../kernel/index.ts'
import { JournalTail } from './journal-tail.ts'

const journal = new Journal({} as JournalStore, systemClock)
const entries = (count: number) =>
  Array.from({ length: count }, (_, seq) =>
    journal.seal({ tenant: 't', stream: 's', seq, type: 't.t', principal: 'p', correlationId: 'c', data: {} }),
  )
const offsets = (tail: JournalTail, after: number) => tail.after(after)?.map(({ offset }) => offset)

test('a tail knows what came after any offset from where it begins, up to the newest', () => {
  const tail = new JournalTail()
  tail.add(entries(2), 12)
  tail.add([], 12)
  tail.add(entries(1), 13)
  assert.deepEqual(offsets(tail, 10), [11, 12, 13])
  assert.deepEqual(offsets(tail, 12), [13])
  assert.deepEqual(offsets(tail, 13), [])
})

test('before its beginning and beyond its end it knows nothing, rather than something with a gap', () => {
  const tail = new JournalTail()
  assert.equal(tail.after(0), undefined)
  tail.add(entries(2), 12)
  assert.equal(tail.after(9), undefined)
  assert.equal(tail.after(13), undefined)
})

test('entries it was not told of make it begin anew', () => {
  const tail = new JournalTail()
  tail.add(entries(2), 2)
  tail.add(entries(2), 6)
  assert.equal(tail.after(2), undefined)
  assert.deepEqual(offsets(tail, 4), [5, 6])
})

test('it holds a bounded number of entries, the newest', () => {
  const tail = new JournalTail()
  for (let head = 1_000; head <= 50_000; head += 1_000) tail.add(entries(1_000), head)
  assert.equal(tail.after(40_000), undefined)
  assert.equal(tail.after(46_500)?.length, 3_500)
})

test('what was read is let go with the next transaction but one, and not before', () => {
  const tail = new JournalTail()
  tail.add(entries(2), 2)
  tail.add(entries(2), 4)
  assert.deepEqual(offsets(tail, 4), [])
  // Another reader of the last transaction still finds it.
  tail.add(entries(2), 6)
  assert.equal(tail.after(1), undefined)
  assert.deepEqual(offsets(tail, 2), [3, 4, 5, 6])
  tail.add(entries(2), 8)
  assert.equal(tail.after(2), undefined)
  assert.deepEqual(offsets(tail, 4), [5, 6, 7, 8])
})
