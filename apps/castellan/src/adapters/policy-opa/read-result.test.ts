import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import { readAnswer } from './read-answer.ts'
import { readResult } from './read-result.ts'

test('nothing is allowed but what says so in exactly the way that is asked for', () => {
  const names = fc.constantFrom('allow', 'reasons', 'obligations', 'result', '__proto__', 'other')
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(true, 'true', 1, ['why'], {}, { dry_run: true }, { x: true }))
  fc.assert(
    fc.property(fc.oneof(value, fc.dictionary(names, value)), result => {
      const said = readResult(result)
      assert.ok(said.reasons.every(reason => typeof reason === 'string'))
      if (!said.allow || result === true) return
      const { allow, obligations = {} } = result as { allow: unknown; obligations?: Readonly<Record<string, unknown>> }
      assert.equal(allow, true)
      assert.ok(Object.keys(obligations).every(name => ['require_approval', 'redact', 'dry_run'].includes(name)))
    }),
    { numRuns: 5_000 },
  )
})

test('bytes that are no answer of OPA are never a decision', () => {
  const status = fc.constantFrom(200, 200, 200, 201, 204, 301, 400, 404, 500, 503)
  const body = fc.oneof(
    fc.uint8Array(),
    fc.json().map(text => Buffer.from(text)),
  )
  fc.assert(
    fc.property(status, body, (code, bytes) => {
      const reading = readAnswer({ is: 'answered', status: code, headers: {}, body: Buffer.from(bytes) })
      if (reading.is !== 'decided') return
      assert.equal(code, 200)
      assert.ok('result' in (JSON.parse(Buffer.from(bytes).toString()) as object))
    }),
    { numRuns: 5_000 },
  )
})

test('a rule that is inherited from nowhere is not there', () => {
  assert.equal(readResult(JSON.parse('{"__proto__": {"allow": true}}')).allow, false)
  const body = Buffer.from('{"__proto__": {"result": true}}')
  assert.equal(readAnswer({ is: 'answered', status: 200, headers: {}, body }).is, 'unfit')
})
