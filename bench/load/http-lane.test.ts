import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseAnswer } from './http-lane.ts'

describe('an answer', () => {
  test('of a told length is whole when so many bytes are there', () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody'
    assert.deepEqual(parseAnswer(text), {
      status: 200,
      head: 'HTTP/1.1 200 OK\r\nContent-Length: 4',
      body: 'body',
    })
    assert.equal(parseAnswer(text.slice(0, -3)), text.length)
  })

  test('in chunks is put together, and is whole with the empty chunk', () => {
    const text = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n'
    const answer = parseAnswer(text)
    assert.equal(typeof answer === 'object' && answer.body, 'abc0123456789')
    for (let length = 0; length < text.length; length++) {
      const needed = parseAnswer(text.slice(0, length))
      assert.ok(typeof needed === 'number' && needed > length && needed <= text.length, `${length} bytes`)
    }
  })

  test('without a body is whole with its head', () => {
    const answer = parseAnswer('HTTP/1.1 202 Accepted\r\nConnection: keep-alive\r\n\r\n')
    assert.deepEqual(typeof answer === 'object' && [answer.status, answer.body], [202, ''])
  })
})
