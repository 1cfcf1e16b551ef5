import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { type Entry, leafBytes, leafHash } from './entry.ts'

const entry: Omit<Entry, 'leafHash'> = {
  id: '01980000-0000-7000-8000-000000000000',
  tenant: 'default',
  stream: 'call:1',
  seq: 0,
  type: 'call.ended',
  at: '2026-01-01T00:00:00.000Z',
  principal: 'system',
  correlationId: 'c',
  causationId: null,
  data: { b: 1, a: 'é' },
}

test('the leaf bytes are the canonical text of the entry', () => {
  assert.equal(
    leafBytes(entry),
    '{"at":"2026-01-01T00:00:00.000Z","causationId":null,"correlationId":"c","data":{"a":"é","b":1},' +
      '"id":"01980000-0000-7000-8000-000000000000","principal":"system","seq":0,"stream":"call:1","tenant":"default",' +
      '"type":"call.ended"}',
  )
})

test('the leaf hash is SHA-256 over a zero byte and the leaf bytes in UTF-8', () => {
  const expected = createHash('sha256').update(Buffer.of(0)).update(leafBytes(entry), 'utf8').digest('hex')
  assert.equal(leafHash(entry), expected)
})

test('the hash covers every field', () => {
  const changes: Partial<Entry>[] = [
    { id: '01980000-0000-7000-8000-000000000001' }, { tenant: 'other' }, { stream: 'call:2' }, { seq: 1 },
    { type: 'call.began' }, { at: '2026-01-01T00:00:00.001Z' }, { principal: 'ann' }, { correlationId: 'd' },
    { causationId: 'x' }, { data: { b: 1, a: 'e' } },
  ] // prettier-ignore
  const hashes = new Set([leafHash(entry), ...changes.map(change => leafHash({ ...entry, ...change }))])
  assert.equal(hashes.size, changes.length + 1)
})

test('neither the offset nor the hash itself is hashed', () => {
  const sequenced = { ...entry, offset: 7, leafHash: 'f'.repeat(64) }
  assert.equal(leafHash(sequenced), leafHash(entry))
})
