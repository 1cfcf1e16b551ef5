import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AIMessage, type ToolMessage } from '@langchain/core/messages'
import { ToolNode } from '@langchain/langgraph/prebuilt'
import { type ClientConfig, MultiServerMCPClient } from '@langchain/mcp-adapters'
import type { Access, Connected, ThirdPartyClient } from './client.ts'
import { clientSuite } from './client.testsuite.ts'
import { type House, house } from './house.ts'

let gate: House
before(async () => void (gate = await house()))
after(() => gate[Symbol.asyncDispose]())

const langchain: ThirdPartyClient = {
  title: 'LangChain MCP adapters',
  package: '@langchain/mcp-adapters',
  revision: '2025-11-25',
  lacks: { elicitation: 'no API' },
  showsFailureAs: 'a ToolException',
  // Schemas are simplified for models, and what no model reads is left out.
  keeps: ({ name, description, inputSchema: { $schema: _, ...schema }, annotations }) => ({
    name,
    description,
    schema,
    annotations,
  }),
  connect,
}

clientSuite(langchain, () => gate)

test('a tool node of LangGraph goes through the gate, and the model reads what came of it', async () => {
  const client = open({ url: gate.url, key: gate.readerKey })
  const node = new ToolNode(await client.getTools())
  const asks = new AIMessage({
    content: '',
    tool_calls: [
      { id: '1', name: 'everything__get-sum', args: { a: 2, b: 3 } },
      { id: '2', name: 'everything__toggle-simulated-logging', args: {} },
    ],
  })

  const { messages } = (await node.invoke({ messages: [asks] })) as { messages: ToolMessage[] }

  await client.close()
  const [sum, toggled] = messages
  assert.match(sum?.text ?? '', /The sum of 2 and 3 is 5/)
  assert.match(toggled?.text ?? '', /refused by policy/)
})

function open(
  { url, key }: Pick<Access, 'url' | 'key'>,
  told: Pick<ClientConfig, 'onProgress' | 'onToolsListChanged'> = {},
): MultiServerMCPClient {
  const castellan = { transport: 'http', url, headers: { authorization: `Bearer ${key}` } } as const
  return new MultiServerMCPClient({ ...told, mcpServers: { castellan } })
}

async function connect({ onProgress, onToolsChanged, ...access }: Access): Promise<Connected> {
  const client = open(access, {
    onProgress: ({ progress }) => onProgress(progress),
    onToolsListChanged: () => onToolsChanged(),
  })
  const tools = await client.getTools()
  return {
    tools: async () =>
      tools.map(({ name, description, schema, metadata }) => ({
        name,
        description,
        schema,
        annotations: metadata?.annotations,
      })),
    async call(name, args, signal) {
      const tool = tools.find(each => each.name === name)
      assert.ok(tool, `${name} is not listed`)
      try {
        const message = (await tool.invoke({ type: 'tool_call', id: 'x', name, args }, { signal })) as ToolMessage
        const artifacts = message.artifact as readonly { readonly type: string; readonly data: unknown }[]
        const structured = artifacts.find(({ type }) => type === 'mcp_structured_content')?.data
        return { failed: false, text: message.text, structured }
      } catch (error) {
        // The class itself is not exported.
        if (!(error instanceof Error && error.name === 'ToolException')) throw error
        return { failed: true, text: error.message, structured: undefined }
      }
    },
    close: () => client.close(),
  }
}
