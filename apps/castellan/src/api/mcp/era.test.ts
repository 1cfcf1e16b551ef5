import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import { decodeHeader, eraOf } from './era.ts'
import { envelopeKeys, MODERN } from './wire/revisions.ts'

const envelope = { [envelopeKeys.version]: MODERN, [envelopeKeys.capabilities]: {} }
const headers = { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': 'x' }
const call = (meta: object = envelope) => ({
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  params: { name: 'x', _meta: meta },
})

function refusal(body: unknown, given: Record<string, string | undefined>): [code: number, id: unknown] | string {
  const era = eraOf(body, given)
  return era.is === 'refused' ? [era.error.code, era.id] : era.is
}

describe('the era of a body', () => {
  test('is what the body says of itself, whatever else there is', () => {
    assert.equal(refusal(call(), headers), 'modern')
    assert.equal(refusal(call(), { ...headers, 'mcp-session-id': 'any' }), 'modern')
    assert.equal(refusal(call({}), {}), 'legacy')
    assert.equal(refusal({ jsonrpc: '2.0', id: 1, result: {} }, {}), 'legacy')
    assert.equal(refusal([call({})], {}), 'legacy')
    assert.equal(refusal({ jsonrpc: '2.0', method: 'notifications/x' }, { 'mcp-protocol-version': MODERN }), 'modern')
  })

  test('is not guessed when a header names 2026 and the body does not', () => {
    assert.deepEqual(refusal(call({}), headers), [-32602, 7])
    assert.deepEqual(refusal({ jsonrpc: '2.0', id: 7, method: 'initialize', params: {} }, headers), [-32020, 7])
    assert.equal(refusal(call({}), { ...headers, 'mcp-session-id': 'any' }), 'legacy')
  })

  test('is refused when headers and body disagree, even about a revision nobody knows', () => {
    for (const lie of [
      { 'mcp-protocol-version': undefined },
      { 'mcp-protocol-version': '2025-11-25' },
      { 'mcp-method': undefined },
      { 'mcp-method': 'tools/list' },
      { 'mcp-name': undefined },
      { 'mcp-name': 'y' },
      { 'mcp-name': '=?base64?***?=' },
    ]) {
      assert.deepEqual(refusal(call(), { ...headers, ...lie }), [-32020, 7], JSON.stringify(lie))
    }
    const future = { ...envelope, [envelopeKeys.version]: 'v999' }
    assert.deepEqual(refusal(call(future), headers), [-32020, 7])
    assert.deepEqual(refusal(call(future), { ...headers, 'mcp-protocol-version': 'v999' }), [-32022, 7])
  })

  test('of 2026 wants the whole envelope, and no batches', () => {
    assert.deepEqual(refusal(call({ [envelopeKeys.version]: MODERN }), headers), [-32602, 7])
    assert.deepEqual(refusal(call({ ...envelope, [envelopeKeys.clientInfo]: 'me' }), headers), [-32602, 7])
    assert.deepEqual(refusal([call()], headers), [-32600, null])
  })

  test('takes blanks around a header, and a name in base64', () => {
    assert.equal(refusal(call(), { ...headers, 'mcp-name': '\t x ' }), 'modern')
    assert.equal(refusal(call(), { ...headers, 'mcp-name': '=?base64?eA==?=' }), 'modern')
  })

  test('is told of any body without ever throwing', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom(...Object.keys(headers)), fc.string()),
        (body, given) => {
          assert.ok(['legacy', 'modern', 'refused'].includes(eraOf(body, given).is))
        },
      ),
    )
  })
})

test('any text survives the encoding of headers', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const encoded = `=?base64?${Buffer.from(text).toString('base64')}?=`
      assert.equal(decodeHeader(encoded), Buffer.from(text).toString())
    }),
  )
  assert.equal(decodeHeader('=?base64?/w==?='), null)
})
