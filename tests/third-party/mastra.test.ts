import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Agent, type AgentConfig } from '@mastra/core/agent'
import { MastraError } from '@mastra/core/error'
import { MCPClient, type MastraMCPServerDefinition } from '@mastra/mcp'
import { MockLanguageModelV4 } from 'ai/test'
import type { Access, Connected, ThirdPartyClient } from './client.ts'
import { clientSuite } from './client.testsuite.ts'
import { type House, house } from './house.ts'
import { asksFor, says } from './model-replies.ts'

let gate: House
before(async () => void (gate = await house()))
after(() => gate[Symbol.asyncDispose]())

// Mastra ends the process when nothing is left to do, before the test runner has had its last word.
const ours = process.listeners('beforeExit')
after(() => {
  for (const theirs of process.listeners('beforeExit')) if (!ours.includes(theirs)) process.off('beforeExit', theirs)
})

const common = {
  package: '@mastra/mcp',
  showsFailureAs: 'a MastraError',
  keeps: ({ name, description, inputSchema, outputSchema, annotations, _meta }) => ({
    name,
    description,
    inputSchema,
    ...(outputSchema && { outputSchema }),
    ...(annotations && { annotations }),
    ...(_meta && { _meta }),
  }),
} as const satisfies Partial<ThirdPartyClient>

const clients: readonly ThirdPartyClient[] = [
  { ...common, title: 'Mastra', revision: '2026-07-28', lacks: {}, connect: access => connect(access, false) },
  {
    ...common,
    title: "Mastra, `protocolVersion: 'legacy'`",
    revision: '2025-11-25',
    lacks: { 'list changes': 'no API' },
    connect: access => connect(access, true),
  },
]

for (const client of clients) clientSuite(client, () => gate)

test('an agent of Mastra goes through the gate, and the model reads what came of it', async () => {
  const model = new MockLanguageModelV4({
    doGenerate: [
      asksFor('castellan_everything__get-sum', { a: 2, b: 3 }),
      asksFor('castellan_everything__toggle-simulated-logging', {}),
      says('Done.'),
    ],
  })
  const client = open({ url: gate.url, key: gate.readerKey })
  const agent = new Agent({
    id: 'agent',
    name: 'agent',
    instructions: 'Use tools.',
    // Mastra has types of its own for models of the AI SDK.
    model: model as unknown as AgentConfig['model'],
    tools: await client.listTools(),
  })

  const { text } = await agent.generate('Add, then toggle.')

  await client.disconnect()
  const read = JSON.stringify(model.doGenerateCalls.at(-1)?.prompt)
  assert.equal(text, 'Done.')
  assert.match(read, /The sum of 2 and 3 is 5/)
  assert.match(read, /refused by policy/)
})

function open({ url, key }: Pick<Access, 'url' | 'key'>, more: Partial<MastraMCPServerDefinition> = {}): MCPClient {
  const requestInit = { headers: { authorization: `Bearer ${key}` } }
  return new MCPClient({
    id: crypto.randomUUID(),
    servers: { castellan: { ...more, url: new URL(url), requestInit } as MastraMCPServerDefinition },
  })
}

async function connect({ onProgress, onToolsChanged, fillIn, ...access }: Access, legacy: boolean): Promise<Connected> {
  const client = open(access, {
    ...(legacy && { protocolVersion: 'legacy' }),
    enableProgressTracking: true,
    inputRequests: async () => ({ action: 'accept', content: fillIn() }),
  })
  const { castellan: tools = {} } = await client.listToolsets()
  await client.progress.onUpdate('castellan', ({ progress }) => onProgress(progress))
  // It refuses to be told in the older revision, where there is nothing to listen on.
  if (!legacy) await client.tools.onListChanged('castellan', onToolsChanged)
  return {
    async tools() {
      const { castellan: definitions = {} } = await client.listToolDefinitions()
      return Object.values(definitions).map(({ server: _, ...definition }) => definition)
    },
    async call(name, args, signal) {
      const execute = tools[name]?.execute
      assert.ok(execute, `${name} is not listed`)
      try {
        // What else an agent passes on is optional at run time.
        const result: unknown = await execute(args, { abortSignal: signal } as Parameters<typeof execute>[1])
        const { content = [] } = result as { readonly content?: readonly { readonly text?: string }[] }
        return { failed: false, text: content.map(({ text = '' }) => text).join('\n'), structured: result }
      } catch (error) {
        if (!(error instanceof MastraError)) throw error
        return { failed: true, text: error.message, structured: undefined }
      }
    },
    close: () => client.disconnect(),
  }
}
