import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../tests/support/properties.ts'
import { canonicalize, isFault, type JsonValue } from '../kernel/index.ts'
import { conceal, namesSecret, redact, REDACTED } from './redact.ts'

test('keys that name a secret are known in every spelling', () => {
  const secret = [
    'password', 'dbPassword', 'DB_PASSWORD', 'x-api-key', 'X-Api-Key', 'apiKey', 'APIKey', 'apikey', 'access_token', 'AccessToken',
    'APIToken', 'AWSSecretKey', 'privateKey', 'Authorization', 'proxy-authorization', 'Set-Cookie', 'clientSecret', 'sessionId',
    'user.passphrase', 'cardCvv', 'HTTPAuth',
  ] // prettier-ignore
  for (const key of secret) assert.ok(namesSecret(key), key)
})

test('keys that only look alike stay readable', () => {
  for (const key of [
    'author',
    'tokens_in',
    'maxTokens',
    'keyboard',
    'key',
    'spinner',
    'secretary',
    'session',
    'authority',
    '',
  ]) {
    assert.equal(namesSecret(key), false, key)
  }
})

test('what stands under a secret name is replaced whole, at any depth', () => {
  const value = { user: 'ann', login: [{ password: { old: 'a', new: 'b' }, otp: 123456, token: null }] }
  const expected = { user: 'ann', login: [{ password: REDACTED, otp: REDACTED, token: null }] }
  assert.equal(canonicalize(redact(value)), canonicalize(expected))
  assert.equal(value.login[0]?.otp, 123456, 'the original is not touched')
})

test('a known secret is masked wherever it appears, in keys too', () => {
  const known = { mask: (text: string) => text.replaceAll('s3cr3t', REDACTED) }
  const value = redact({ note: 'use s3cr3t twice: s3cr3t', list: ['s3cr3t'], 's3cr3t-key': 1 }, known)
  assert.equal(
    canonicalize(value),
    canonicalize({ note: `use ${REDACTED} twice: ${REDACTED}`, list: [REDACTED], [`${REDACTED}-key`]: 1 }),
  )
})

test('a key named __proto__ neither disappears nor changes the copy', () => {
  const value = JSON.parse('{"__proto__":{"admin":true},"a":1}') as JsonValue
  assert.equal(canonicalize(redact(value)), '{"__proto__":{"admin":true},"a":1}')
})

test('a value without secrets comes out equal, and redacting twice changes nothing more', () => {
  const json = fc.jsonValue({ maxDepth: 4 }).map(value => JSON.parse(JSON.stringify(value)) as JsonValue)
  fc.assert(
    fc.property(json, value => {
      const once = redact(value)
      assert.equal(JSON.stringify(redact(once)), JSON.stringify(once))
      if (
        !/"[^"]*(pass|pwd|secret|token|auth|bearer|cookie|cred|key|sign|otp|pin|cvv|ssn|session)/i.test(
          JSON.stringify(value),
        )
      ) {
        assert.equal(JSON.stringify(once), JSON.stringify(value))
      }
    }),
  )
})

test('nesting that could not be digested is refused, and not a crash', () => {
  const deep = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000)) as JsonValue
  assert.throws(
    () => redact(deep),
    error => isFault(error, 'JSON_NOT_CANONICAL'),
  )
})

test('what is known to be secret is concealed wherever it stands, and nothing else is touched', () => {
  const known = { mask: (text: string) => text.replaceAll('hunter2', REDACTED) }
  const value = { password: 'open', text: ['a hunter2 b', { hunter2: 1 }], n: 0.1, none: null }
  assert.deepEqual(conceal(value, known), {
    password: 'open',
    text: [`a ${REDACTED} b`, { [REDACTED]: 1 }],
    n: 0.1,
    none: null,
  })
  const clean = { password: 'open' }
  assert.equal(conceal(clean, known), clean)
})
