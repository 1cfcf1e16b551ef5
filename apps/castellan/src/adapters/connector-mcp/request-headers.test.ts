import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '../../kernel/index.ts'
import { requestHeaders } from './request-headers.ts'

test('headers are sent as they are given, without blanks around their values', () => {
  const headers = requestHeaders('s', {
    Authorization: 'Bearer abc\n',
    'X-Greeting': 'Gr\xfc\xdfe, you',
    'x-empty': '',
  })

  assert.deepEqual(headers, { authorization: 'Bearer abc', 'x-greeting': 'Gr\xfc\xdfe, you', 'x-empty': '' })
})

for (const [why, name, value] of [
  ['a line break inside', 'x-key', 'v4lue\r\nx-other: injected'],
  ['a NUL', 'x-key', 'v4lue\0'],
  ['a character outside Latin-1', 'x-key', 'v4lue \u4f60'],
  ['a name with a blank', 'x key', 'v4lue'],
  ['a name with a colon', 'x-key:', 'v4lue'],
  ['an empty name', '', 'v4lue'],
  ['a header of the connection', 'Transfer-Encoding', 'v4lue'],
  ['a header of the protocol', 'Mcp-Session-Id', 'v4lue'],
  ['a header of the handshake', 'Sec-WebSocket-Key', 'v4lue'],
] as const) {
  test(`a header with ${why} is refused, and its value is not repeated`, () => {
    assert.throws(
      () => requestHeaders('s', { [name]: value }),
      error => {
        assert.ok(isFault(error, 'HEADER_INVALID'))
        return !error.message.includes('v4lue')
      },
    )
  })
}

test('a header cannot be given twice in different case', () => {
  assert.throws(
    () => requestHeaders('s', { 'X-Key': 'a', 'x-key': 'b' }),
    error => isFault(error, 'HEADER_INVALID'),
  )
})
