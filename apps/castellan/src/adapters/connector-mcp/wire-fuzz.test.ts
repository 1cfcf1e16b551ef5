import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../../tests/support/properties.ts'
import { talk } from './fixtures/talk.ts'
import { testClient } from './fixtures/test-client.ts'

const id = fc.oneof(fc.integer({ min: -2, max: 10 }), fc.string({ maxLength: 3 }), fc.jsonValue())
const method = fc.oneof(
  fc.constantFrom(
    'ping',
    'elicitation/create',
    'sampling/createMessage',
    'roots/list',
    'notifications/progress',
    'notifications/message',
    'notifications/cancelled',
    'notifications/elicitation/complete',
    'notifications/subscriptions/acknowledged',
    'notifications/resources/updated',
    'notifications/tools/list_changed',
    'constructor',
    '__proto__',
  ),
  fc.jsonValue(),
)
const params = fc.oneof(
  fc.record(
    {
      requestId: id,
      progressToken: id,
      elicitationId: id,
      uri: fc.jsonValue(),
      level: fc.jsonValue(),
      logger: fc.jsonValue(),
      notifications: fc.jsonValue(),
      _meta: fc.oneof(fc.record({ 'io.modelcontextprotocol/subscriptionId': id }), fc.jsonValue()),
    },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
)
const message = fc.record(
  { jsonrpc: fc.constant('2.0'), id, method, params, result: fc.jsonValue(), error: fc.jsonValue() },
  { requiredKeys: [] },
)

for (const era of ['legacy', 'modern'] as const) {
  for (const requestStreams of [true, false]) {
    const where = requestStreams ? 'streams of their own' : 'one channel'
    test(`whatever a ${era} server says over ${where}, nothing throws, and a call settles once`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(message, fc.option(fc.integer({ min: 1, max: 5 })))), async said => {
          const capabilities = { tools: { listChanged: true }, resources: { subscribe: true }, logging: {} }
          const { call, link, transport, lastId } = await talk({ era, requestStreams, capabilities })
          const client = testClient({ answer: () => ({ is: 'result', result: {} }) })
          const reply = call('any', { client, onProgress: () => {} })
          const asked = lastId()
          for (const [message, request] of said) transport.say(message, request ?? undefined)
          transport.say({ jsonrpc: '2.0', id: asked, result: {} })
          assert.ok(['result', 'error', 'broken', 'inputRequired'].includes((await reply).is))
          await link.close()
        }),
        { numRuns: 200, plugins: [fc.interruptAfterTimeLimit(5_000)] },
      )
    })
  }
}
