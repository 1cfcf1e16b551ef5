import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { patienceOf } from './patience.ts'

test('a caller waits as long as it prefers, at most ten minutes; what is not understood is ignored', () => {
  const rows: readonly (readonly [string | undefined, number])[] = [
    [undefined, 0],
    ['wait=30', 30_000],
    ['Wait = "5"', 5_000],
    ['respond-async, wait=7; foo=1', 7_000],
    ['wait=0', 0],
    ['wait=999999', 600_000],
    ['wait=9999999', 0],
    ['await=30', 0],
    ['wait=-1', 0],
    ['wait=1e3', 0],
    ['wait', 0],
    ['', 0],
  ]
  for (const [prefer, expected] of rows) {
    const request = { headers: prefer === undefined ? {} : { prefer } } as FastifyRequest
    assert.equal(patienceOf(request), expected, prefer)
  }
})
