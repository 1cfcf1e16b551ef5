import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { looksLikeKey, mintKey, parseKey, provesKey } from './keys.ts'

const wish = { tenant: 'default', principal: 'p1', name: 'laptop', scopes: ['mcp'], expiresAt: null } as const
const now = new Date('2026-01-01T00:00:00Z')

describe('API keys', () => {
  test('a minted key names its record and proves it, and the record does not hold it', () => {
    const { key, plaintext } = mintKey(wish, now)
    assert.match(plaintext, /^cst_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/)
    assert.deepEqual(parseKey(plaintext), { id: key.id })
    assert.equal(provesKey(plaintext, key), true)
    assert.match(key.hash, /^[0-9a-f]{64}$/)
    assert.ok(!JSON.stringify(key).includes(plaintext.slice(-43)))
  })

  test('no two keys are alike', () => {
    const keys = Array.from({ length: 200 }, () => mintKey(wish, now).plaintext)
    assert.equal(new Set(keys).size, 200)
  })

  test('every single changed character makes a key prove nothing', () => {
    const { key, plaintext } = mintKey(wish, now)
    for (let at = 0; at < plaintext.length; at++) {
      const other = plaintext[at] === 'A' ? 'B' : 'A'
      assert.equal(provesKey(plaintext.slice(0, at) + other + plaintext.slice(at + 1), key), false)
    }
  })

  test('a record with a damaged hash proves nothing', () => {
    const { plaintext } = mintKey(wish, now)
    assert.equal(provesKey(plaintext, { hash: '' }), false)
    assert.equal(provesKey(plaintext, { hash: 'zz' }), false)
  })

  test('malformed keys have no id, and are still seen to be meant as keys', () => {
    const { plaintext } = mintKey(wish, now)
    const malformed = [
      'cst_',
      `${plaintext}x`,
      plaintext.slice(0, -1),
      plaintext.toUpperCase().replace('CST', 'cst'),
      ` ${plaintext}`,
      `${plaintext}\n`,
    ]
    for (const text of malformed) assert.equal(parseKey(text), undefined, text)
    assert.equal(looksLikeKey('cst_'), true)
    assert.equal(looksLikeKey('eyJhbGciOiJub25lIn0.e30.'), false)
  })
})
