import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import { eventStream } from './event-stream.ts'

function parse(chunks: readonly Buffer[], max = 1_000) {
  const events: unknown[] = []
  const feed = eventStream(max, {
    event: ({ id, event, data }) => events.push([id, event, data]),
    retry: milliseconds => events.push(milliseconds),
  })
  const fits = chunks.every(chunk => feed(chunk))
  return { events, fits }
}

test('events come out whole, however the bytes are cut and whatever the line ends are', () => {
  const field = fc.constantFrom(
    'data: {"a":"äöü四"}',
    'data:',
    'id: 7',
    'event: message',
    'retry: 500',
    ': note',
    'odd',
    '',
  )
  fc.assert(
    fc.property(
      fc.array(field, { maxLength: 20 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 50 }),
      (lines, end, cuts) => {
        const bytes = Buffer.from(`${lines.join(end)}${end}${end}data: last${end}${end}`)
        const chunks: Buffer[] = []
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const size = cuts[cut % cuts.length]!
          chunks.push(bytes.subarray(at, at + size))
          at += size
        }
        // A line end that is one carriage return is only known to be one by what follows.
        const complete = Buffer.from(':\n')
        assert.deepEqual(parse([...chunks, complete]), parse([bytes, complete]))
      },
    ),
  )
})

test('an event may be as large as the bound and no larger, in one piece or in many; the stream may be endless', () => {
  const large = Buffer.from(`data: ${'x'.repeat(2_000)}`)
  const bytes = [...large].map(byte => Buffer.from([byte]))
  assert.equal(parse([large]).fits, false)
  assert.equal(parse(bytes).fits, false)
  assert.equal(parse([Buffer.concat([large, Buffer.from('\n\n')])]).fits, false)
  assert.deepEqual(parse([Buffer.from(`data: ${'x'.repeat(900)}\n\n`)]).events.length, 1)
  assert.equal(parse(Array.from({ length: 10_000 }, () => Buffer.from('data: x\n\n'))).events.length, 10_000)
  assert.equal(parse(Array.from({ length: 10_000 }, () => Buffer.from('data: x\n'))).fits, false)
})

test('a byte order mark in front of a stream is no part of its first event, wherever it is cut', () => {
  const bytes = Buffer.from('\ufeffdata: first\n\ndata: \ufeffsecond\n\n')
  for (let cut = 0; cut < bytes.length; cut++) {
    const heard: string[] = []
    const feed = eventStream(100, { event: ({ data }) => heard.push(data), retry: () => undefined })
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) feed(piece)
    assert.deepEqual(heard, ['first', '\ufeffsecond'])
  }
})
