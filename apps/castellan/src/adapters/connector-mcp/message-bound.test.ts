import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventStream, wholeBody } from './message-bound.ts'

test('a body may be as large as the bound, however it is cut up', () => {
  const fits = wholeBody(10)

  assert.deepEqual(
    [4, 6, 1].map(size => fits(Buffer.alloc(size))),
    [true, true, false],
  )
})

for (const [name, end] of [
  ['LF', '\n'],
  ['CR', '\r'],
  ['CR LF', '\r\n'],
] as const) {
  test(`a stream with ${name} at its line ends may flow for ever in small events, wherever it is cut`, () => {
    const text = `id: 1${end}data: hello${end}${end}`.repeat(20)
    for (const size of [1, 2, 3, 5, 7, 64]) {
      const fits = eventStream(40 + size)
      for (let at = 0; at < text.length; at += size)
        assert.ok(fits(Buffer.from(text.slice(at, at + size))), `in pieces of ${size}`)
    }
  })

  test(`a stream with ${name} at its line ends is cut off in an event that is too large`, () => {
    const fits = eventStream(100)
    const chunks = [`data: a${end}${end}`, `data: ${'x'.repeat(60)}${end}`, `data: ${'x'.repeat(60)}${end}`]

    assert.deepEqual(
      chunks.map(chunk => fits(Buffer.from(chunk))),
      [true, true, false],
    )
  })
}

test('CR LF in two chunks is one line end, not an empty line', () => {
  const fits = eventStream(20)

  assert.deepEqual(
    ['data: 123456\r', '\ndata: 12345'].map(chunk => fits(Buffer.from(chunk))),
    [true, false],
  )
})
