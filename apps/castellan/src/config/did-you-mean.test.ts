import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closest, didYouMean } from './did-you-mean.ts'

test('a slip is recognised, and another word is not', () => {
  const known = ['port', 'host', 'mcp.session_idle']
  assert.equal(closest('prot', known), 'port')
  assert.equal(closest('PORT', known), 'port')
  assert.equal(closest('mcp.sesion_idel', known), 'mcp.session_idle')
  assert.equal(closest('servers', known), undefined)
  assert.equal(closest('', known), undefined)
  assert.equal(didYouMean('zzz', known), '')
  assert.equal(didYouMean('prt', known), '; did you mean port?')
})
