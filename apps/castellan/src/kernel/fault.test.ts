import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogue, type FaultCode } from './fault-catalogue.ts'
import { Fault, fault, isFault, notFound } from './fault.ts'

test('a fault says what its row says, with the details filled in', () => {
  const cause = new Error('below')
  const given = fault('NAME_TAKEN', { what: 'server', name: 'files' }, { cause })
  assert.equal(given.message, 'The server name "files" is taken; choose another.')
  assert.deepEqual(
    { name: given.name, code: given.code, kind: given.kind, retryable: given.retryable, cause: given.cause },
    { name: 'Fault', code: 'NAME_TAKEN', kind: 'conflict', retryable: false, cause },
  )
})

test('a detail is inserted as it is, also when it looks like a place to fill', () => {
  assert.equal(
    fault('NAME_TAKEN', { what: '{name}', name: '$& {what}' }).message,
    'The {name} name "$& {what}" is taken; choose another.',
  )
})

test('a list of details is written with commas, and a missing one stays visible', () => {
  assert.match(fault('FORBIDDEN', { needs: ['admin', 'auditor'] }).message, /it needs admin, auditor\.$/)
  assert.match(fault('FORBIDDEN').message, /\{needs\}/)
})

test('a fault is told from a bug, and from other faults by its code', () => {
  assert.ok(isFault(fault('INTERNAL')))
  assert.ok(isFault(fault('INTERNAL'), 'INTERNAL'))
  assert.equal(isFault(fault('INTERNAL'), 'NOT_FOUND'), false)
  assert.equal(isFault(Object.assign(new Error('x'), { code: 'INTERNAL' })), false)
  assert.equal(isFault(undefined), false)
})

test('every row is one sentence that ends, and every code is in capitals', () => {
  for (const [code, { sentence }] of Object.entries(catalogue)) {
    assert.match(code, /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/)
    assert.match(sentence, /^[A-Z{][^\n]*\.$/, code)
    assert.equal(new Fault(code as FaultCode).code, code)
  }
})

test('what is not there is named, in a form that can be shown', () => {
  assert.equal(notFound('agent', 'clerk').message, 'There is no agent "clerk".')
  assert.equal(notFound('policy set').message, 'There is no policy set.')
  const { message, code } = notFound('agent', '\u001b[2J\0\ud800' + 'a'.repeat(500))
  assert.deepEqual([message, code], [`There is no agent "·[2J·\ufffd${'a'.repeat(194)}".`, 'NOT_FOUND'])
})
