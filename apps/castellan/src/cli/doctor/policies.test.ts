import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { openPermits } from './policies.ts'

describe('a permit of everything to everybody', () => {
  for (const source of [
    'permit (principal, action, resource);',
    'permit(principal,action,resource,);',
    '@id("open") @reason("why; not")\npermit (\n  principal, // anyone\n  action,\n  resource\n);',
    'permit (principal, action, resource) when { true };',
    'permit (principal, action, resource) unless { false };',
  ]) {
    test(`is found in ${source.replaceAll('\n', ' ')}`, () => assert.equal(openPermits(source).length, 1))
  }

  for (const source of [
    'forbid (principal, action, resource);',
    'permit (principal, action == Action::"call", resource);',
    'permit (principal in Role::"operator", action, resource);',
    'permit (principal, action, resource) when { resource.effect == Effect::"read" };',
    '// permit (principal, action, resource);',
    '@note("permit (principal, action, resource);") forbid (principal, action, resource);',
  ]) {
    test(`is not found in ${source}`, () => assert.deepEqual(openPermits(source), []))
  }

  test('is found by its line', () => {
    assert.deepEqual(
      openPermits('// one\nforbid (principal, action, resource);\n\npermit (principal, action, resource);'),
      [4],
    )
  })

  test('is not in the policies that a tenant starts with', () => {
    assert.deepEqual(openPermits(readFileSync(new URL('../../../policies/starter.cedar', import.meta.url), 'utf8')), [])
  })
})
