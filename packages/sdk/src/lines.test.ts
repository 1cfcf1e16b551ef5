import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lines } from './lines.ts'
import { Unreachable } from './problem.ts'

const encoder = new TextEncoder()

function answering(chunks: readonly Uint8Array[], error?: Error): Response {
  return new Response(
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk)
        if (error) controller.error(error)
        else controller.close()
      },
    }),
  )
}

async function all(response: Response): Promise<unknown[]> {
  const seen: unknown[] = []
  for await (const value of lines(response)) seen.push(value)
  return seen
}

test('values come line by line, however the bytes are cut', async () => {
  const bytes = encoder.encode('{"a":"Ü😀"}\n{"b":[1,\r2]}\n')
  for (let at = 1; at < bytes.length; at++) {
    const seen = await all(answering([bytes.subarray(0, at), bytes.subarray(at)]))
    assert.deepEqual(seen, [{ a: 'Ü😀' }, { b: [1, 2] }])
  }
  assert.deepEqual(await all(new Response(null)), [])
})

test('an answer that breaks off is told, after what came before', async () => {
  for (const response of [
    answering([encoder.encode('{"a":1}\n{"b":')]),
    answering([encoder.encode('{"a":1}\n{"b":\n')]),
    answering([encoder.encode('{"a":1}\n')], new TypeError('terminated')),
  ]) {
    const seen: unknown[] = []
    await assert.rejects(async () => {
      for await (const value of lines(response)) seen.push(value)
    }, Unreachable)
    assert.ok(seen.length <= 1)
  }
})
