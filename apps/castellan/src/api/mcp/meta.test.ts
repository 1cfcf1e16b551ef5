import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFault } from '../../kernel/index.ts'
import { contextOf, metaKeys } from './meta.ts'

describe('what comes with a call', () => {
  test('is nothing but a thread of its own when the client says nothing', () => {
    for (const meta of [undefined, null, [], 'x', {}]) {
      const { correlationId, ...rest } = contextOf(meta, null)
      assert.match(correlationId, /^[0-9a-f-]{36}$/)
      assert.deepEqual(rest, {
        causationId: null,
        sessionId: null,
        idempotencyKey: null,
        dryRun: false,
        via: 'mcp',
        meta: null,
      })
    }
  })

  test('is what the client says under our keys', () => {
    const context = contextOf(
      {
        [metaKeys.idempotencyKey]: 'key-1',
        [metaKeys.dryRun]: true,
        [metaKeys.correlationId]: 'thread-1',
        [metaKeys.session]: 'talk-1',
        [metaKeys.run]: 'run-1',
      },
      null,
    )
    assert.deepEqual(context, {
      causationId: null,
      idempotencyKey: 'key-1',
      dryRun: true,
      correlationId: 'thread-1',
      sessionId: 'talk-1',
      runId: 'run-1',
      via: 'mcp',
      meta: null,
    })
  })

  test('belongs to the MCP session, where there is one', () => {
    assert.equal(contextOf({ [metaKeys.session]: 'talk-1' }, 'session-1').sessionId, 'session-1')
  })

  test('belongs to the trace of the client, unless it says another thread', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    assert.equal(contextOf({ traceparent }, null).correlationId, '0af7651916cd43dd8448eb211c80319c')
    assert.equal(contextOf({ traceparent, [metaKeys.correlationId]: 'mine' }, null).correlationId, 'mine')
    for (const bad of [5, '', '00-XYZ-1-01', `01${traceparent.slice(2)}`]) {
      assert.match(contextOf({ traceparent: bad }, null).correlationId, /^[0-9a-f-]{36}$/)
    }
  })

  test('goes on to the server as it came, without what belongs to this hop', () => {
    const kept = { 'vendor/x': { deep: [1] }, traceparent: 'whatever', tracestate: 'a=b' }
    const hop = { progressToken: 7, [metaKeys.dryRun]: false, 'io.modelcontextprotocol/clientInfo': { name: 'x' } }
    assert.deepEqual(contextOf({ ...kept, ...hop }, null).meta, kept)
  })

  test('is refused for values of our keys that cannot be used, in a session, too', () => {
    const bad = {
      [metaKeys.idempotencyKey]: [5, '', 'a b', 'ü', 'a\nb', 'x'.repeat(129), null],
      [metaKeys.run]: [5, '', 'a b', 'x'.repeat(129), null],
      [metaKeys.correlationId]: [{}, ''],
      [metaKeys.session]: [null, 'a b'],
      [metaKeys.dryRun]: ['true', 1, null],
    }
    for (const [key, values] of Object.entries(bad)) {
      for (const value of values) {
        for (const session of [null, 'session-1']) {
          assert.throws(
            () => contextOf({ [key]: value }, session),
            error => isFault(error, 'REQUEST_INVALID') && error.message.includes(key),
            `${key}: ${JSON.stringify(value)}`,
          )
        }
      }
    }
  })
})
