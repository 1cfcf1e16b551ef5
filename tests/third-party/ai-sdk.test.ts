import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createMCPClient, ElicitationRequestSchema } from '@ai-sdk/mcp'
import { generateText, stepCountIs } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import type { Access, Connected, ThirdPartyClient } from './client.ts'
import { clientSuite } from './client.testsuite.ts'
import { type House, house } from './house.ts'
import { asksFor, says } from './model-replies.ts'

let gate: House
before(async () => void (gate = await house()))
after(() => gate[Symbol.asyncDispose]())

const common = {
  package: '@ai-sdk/mcp',
  showsFailureAs: 'a result with isError',
  keeps: (tool: object) => tool,
} as const

const lacks = { progress: 'no API', 'list changes': 'no API' } as const

const clients: readonly ThirdPartyClient[] = [
  { ...common, title: 'AI SDK', revision: '2026-07-28', lacks, connect: access => connect(access, true) },
  {
    ...common,
    title: 'AI SDK, `protocolVersionDiscovery: false`',
    revision: '2025-11-25',
    // It closes its connection, which this revision says must not be taken for a cancellation.
    lacks: { ...lacks, cancel: 'hangs up without a word' },
    connect: access => connect(access, false),
  },
]

for (const client of clients) clientSuite(client, () => gate)

test('a tool loop of the AI SDK goes through the gate, and the model reads what came of it', async () => {
  const model = new MockLanguageModelV4({
    doGenerate: [
      asksFor('everything__get-sum', { a: 2, b: 3 }),
      asksFor('everything__toggle-simulated-logging', {}),
      says('Done.'),
    ],
  })
  const client = await open({ url: gate.url, key: gate.readerKey }, true)

  const { text } = await generateText({
    model,
    tools: await client.tools(),
    prompt: 'Add, then toggle.',
    stopWhen: stepCountIs(5),
  })

  await client.close()
  const read = JSON.stringify(model.doGenerateCalls.at(-1)?.prompt)
  assert.equal(text, 'Done.')
  assert.match(read, /The sum of 2 and 3 is 5/)
  assert.match(read, /refused by policy/)
})

function open({ url, key }: Pick<Access, 'url' | 'key'>, protocolVersionDiscovery: boolean) {
  return createMCPClient({
    transport: { type: 'http', url, headers: { authorization: `Bearer ${key}` } },
    capabilities: { elicitation: {} },
    protocolVersionDiscovery,
  })
}

async function connect(access: Access, protocolVersionDiscovery: boolean): Promise<Connected> {
  const client = await open(access, protocolVersionDiscovery)
  client.onElicitationRequest(ElicitationRequestSchema, () => ({ action: 'accept', content: access.fillIn() }))
  return {
    tools: async () => (await client.listTools()).tools,
    async call(name, args, signal) {
      const result = await client.callTool({ name, arguments: args, options: { signal } })
      const content = result.content as readonly { readonly text?: string }[]
      return {
        failed: result.isError === true,
        text: content.map(({ text = '' }) => text).join('\n'),
        structured: result.structuredContent,
      }
    },
    close: () => client.close(),
  }
}
