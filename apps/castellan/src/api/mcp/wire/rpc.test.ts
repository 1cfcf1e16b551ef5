import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../kernel/index.ts'
import { code, resultText, RpcError } from './rpc.ts'

test('a result that is nested too deeply to be written is an error with a sentence, and no bug', () => {
  const deep = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`) as JsonObject
  assert.throws(
    () => resultText(1, deep),
    (error: unknown) =>
      error instanceof RpcError && error.code === code.ours && /nested too deeply/.test(error.message),
  )
  assert.equal(resultText('x', { a: [1] }), '{"jsonrpc":"2.0","id":"x","result":{"a":[1]}}')
})
