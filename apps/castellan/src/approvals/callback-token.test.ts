import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../kernel/index.ts'
import { CallbackTokens } from './callback-token.ts'

const clock = manualClock()
const tokens = new CallbackTokens(new Uint8Array(32).fill(1), clock.now)
const approval = { tenant: 'acme', id: '01932c07-209d-7a51-9b2e-5a8d7c1f3e64', expiresAt: '2026-01-01T01:00:00.000Z' }

test('a token says which question it is for, until that must be decided', () => {
  const early = manualClock()
  const own = new CallbackTokens(new Uint8Array(32), early.now)
  const token = own.write(approval)
  early.advance(60 * 60_000 - 1)
  assert.deepEqual(own.read(token), { tenant: approval.tenant, id: approval.id })
  early.advance(1)
  assert.equal(own.read(token), null)
})

test('what we did not write is no token', () => {
  const token = tokens.write(approval)
  const [text = '', signature = ''] = token.split('.')
  const foreign = new CallbackTokens(new Uint8Array(32).fill(2), clock.now).write(approval)
  const other = Buffer.from(JSON.stringify({ t: 'globex', a: approval.id, e: 9e15 })).toString('base64url')
  const forged = [
    '', '.', '..', text, `${text}.`, `.${signature}`, `${text}.${signature}.`, `${other}.${signature}`, foreign,
    `${text}.${signature.slice(0, -2)}`, `${text}.${'A'.repeat(43)}`, `${text}x.${signature}`, '\0', '💥.💥',
  ] // prettier-ignore
  for (const each of forged) assert.equal(tokens.read(each), null, each)
  assert.notEqual(tokens.read(token), null)
})
