import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { LLMock } from '@copilotkit/aimock'
import type { ModelRequest } from '../../runs/index.ts'
import { aiSdkModel } from './ai-sdk-model.ts'
import type { Dialect } from './dialect.ts'

/** Dialects as somebody else understands them, who checks them against the providers themselves. */
describe('a server that others wrote', () => {
  const mock = new LLMock({ port: 0, host: '127.0.0.1' })
  mock.onMessage('two', { content: 'Four.' })
  mock.onMessage('weather', { toolCalls: [{ name: 'weather', arguments: '{"city":"Ulm"}' }] })
  before(() => mock.start())
  after(() => mock.stop())

  for (const dialect of ['openai-chat', 'openai-responses', 'anthropic', 'compatible'] as const) {
    for (const inPieces of [false, true]) {
      test(`is understood in ${dialect}, answering ${inPieces ? 'in pieces' : 'at once'}`, async () => {
        const { reply: prose, heard } = await step(dialect, inPieces, 'What is two and two?')
        assert.deepEqual([prose.text, prose.calls, prose.finish], ['Four.', [], 'stop'])
        assert.equal(heard, inPieces ? 'Four.' : '')
        const { reply: asking } = await step(dialect, inPieces, 'What is the weather in Ulm?')
        assert.deepEqual(
          asking.calls.map(({ tool, args }) => ({ tool, args })),
          [{ tool: 'weather', args: { city: 'Ulm' } }],
        )
        assert.equal(asking.finish, 'calls')
      })
    }
  }

  async function step(dialect: Dialect, inPieces: boolean, text: string) {
    const model = aiSdkModel({
      name: 'mock',
      dialect,
      baseUrl: `${mock.url}/v1`,
      apiKey: () => Promise.resolve('mock'),
      headers: () => Promise.resolve({}),
      allowPrivate: false,
      silence: 10_000,
    })
    let heard = ''
    const request: ModelRequest = {
      model: 'mock/test-model',
      messages: [{ role: 'user', text }],
      tools: [{ name: 'weather', description: 'The weather.', schema: { type: 'object' } }],
      toolChoice: 'auto',
      output: null,
      temperature: null,
      maxTokens: null,
    }
    const onDelta = inPieces ? (delta: { text: string }) => void (heard += delta.text) : undefined
    const reply = await model.step(request, AbortSignal.timeout(10_000), onDelta)
    await model.close()
    return { reply, heard }
  }
})
