import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { processVariables, secretEnvironment } from './environment.ts'

describe('the environment for secret references', () => {
  const lookup = secretEnvironment({ API_TOKEN: 'x', EMPTY: '', CASTELLAN_DATABASE: 'postgres://u:p@h/d' }, 'default')

  test('gives variables to the tenant that runs the installation, and to no other', () => {
    assert.equal(lookup('API_TOKEN', 'default'), 'x')
    assert.equal(lookup('EMPTY', 'default'), '')
    assert.equal(lookup('API_TOKEN', 'acme'), undefined)
  })

  test('gives neither our own settings nor what is not there', () => {
    assert.equal(lookup('CASTELLAN_DATABASE', 'default'), undefined)
    assert.equal(lookup('MISSING', 'default'), undefined)
    assert.equal(lookup('toString', 'default'), undefined)
    assert.equal(lookup('__proto__', 'default'), undefined)
  })

  test('is a copy that later changes do not reach', () => {
    const before = processVariables()
    process.env['CASTELLAN_TEST_LATER'] = '1'
    assert.equal(before['CASTELLAN_TEST_LATER'], undefined)
    delete process.env['CASTELLAN_TEST_LATER']
  })
})
