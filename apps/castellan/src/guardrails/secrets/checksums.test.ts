import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { hasBase62Checksum } from './checksums.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function token(body: string): string {
  let checksum = ''
  for (let rest = crc32(body); checksum.length < 6; rest = Math.floor(rest / 62))
    checksum = DIGITS[rest % 62]! + checksum
  return `ghp_${body}${checksum}`
}

test('a token that was given out carries its checksum, and one that was changed does not', () => {
  const given = token('f3Kq9ZtW1xLr7VbN2mYc8HdJ4sGp6Q')
  assert.equal(hasBase62Checksum(given), true)
  assert.equal(hasBase62Checksum(given.replace('f3', 'f4')), false)
  assert.equal(hasBase62Checksum('ghp_'), false)
})
