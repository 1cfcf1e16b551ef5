import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventStream } from './event-stream.ts'

test('a byte order mark in front of a stream is no part of its first event, wherever it is cut', () => {
  const bytes = Buffer.from('\ufeffdata: first\n\ndata: \ufeffsecond\n\n')
  for (let cut = 0; cut < bytes.length; cut++) {
    const heard: string[] = []
    const feed = eventStream(100, { event: ({ data }) => heard.push(data), retry: () => undefined })
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) feed(piece)
    assert.deepEqual(heard, ['first', '\ufeffsecond'])
  }
})
