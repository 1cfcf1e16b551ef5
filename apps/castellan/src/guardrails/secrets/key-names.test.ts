import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kindOf } from './key-names.ts'

test('the last noun of a name says what its value is, however the name is spelled', () => {
  for (const name of [
    'password',
    'dbPassword',
    'DB_PASSWORD',
    'spring.datasource.password',
    'userpwd',
    'contraseña',
    '密码',
  ]) {
    assert.equal(kindOf(name), 'password', name)
  }
  assert.equal(kindOf('clientSecret'), 'secret')
  assert.equal(kindOf('--access-token'), 'token')
  assert.equal(kindOf('aws_secret_access_key'), 'key')
  assert.equal(kindOf('STRIPE_API_KEY_TEST'), 'key')
  assert.equal(kindOf('passwordHash'), 'hash')
})

test('what is said about a secret is none', () => {
  for (const name of [
    'passwordField',
    'PASSWORD_MIN_LENGTH',
    'forgotPassword',
    'token_type',
    'max_tokens',
    'secretName',
    'keyId',
  ]) {
    assert.equal(kindOf(name), undefined, name)
  }
})

test('a key must open something: keys of tables, caches and keyboards do not', () => {
  for (const name of [
    'key',
    'primaryKey',
    'cache_key',
    'publicKey',
    'PublicKeyToken',
    'partition_key',
    'keyboard',
    'compass',
  ]) {
    assert.equal(kindOf(name), undefined, name)
  }
})

test('names of what every object has are no names of secrets', () => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
    assert.equal(kindOf(name), undefined, name)
})
