// What the suite starts as the client it looks at: `node client.ts <url>`. It puts the URL behind a control plane and speaks to
// it through the gate, so that what the suite sees is our upstream face. Without a control plane in the environment it speaks
// to the URL itself, which shows what these steps are worth.
import assert from 'node:assert/strict'
import { Client, StreamableHTTPClientTransport, type Tool } from '@modelcontextprotocol/client'
import { oauth, type Ourselves, whileAuthorizing } from './authorize.ts'
import { addServer, administration, type Gate, removeServer } from './gate.ts'

const {
  MCP_CONFORMANCE_SCENARIO: scenario = '',
  MCP_CONFORMANCE_PROTOCOL_VERSION: revision = '',
  MCP_CONFORMANCE_CONTEXT: context = '{}',
  CONFORMANCE_GATE: gateText,
} = process.env
const url = process.argv.at(-1)!

const steps: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  tools_call: client => client.callTool({ name: 'add_numbers', arguments: { a: 5, b: 3 } }),
  'elicitation-sep1034-client-defaults': client => client.callTool({ name: 'test_client_elicitation_defaults' }),
  'sse-retry': client => client.callTool({ name: 'test_reconnection' }),
  async 'sep-2322-client-request-state'(client) {
    for (const tool of ['echo_state', 'unrelated', 'no_state', 'no_result_type']) {
      await client.callTool({ name: `test_mrtr_${tool}` })
    }
  },
  async 'http-standard-headers'(client) {
    for (const { name } of await toolsOf(client)) await client.callTool({ name })
    for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri })
    for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name })
  },
  async 'http-custom-headers'(client) {
    await toolsOf(client)
    const { toolCalls } = JSON.parse(context) as { toolCalls: { name: string; arguments: Record<string, unknown> }[] }
    for (const call of toolCalls) {
      // The gate keeps to the schema of the tool, which knows no null; the specification lets a client leave it out.
      const given = Object.entries(call.arguments).filter(([, value]) => value !== null)
      await client.callTool({ ...call, arguments: Object.fromEntries(given) })
    }
  },
  async 'http-invalid-tool-headers'(client) {
    for (const tool of await toolsOf(client)) {
      await client.callTool({ name: tool.name, arguments: madeUp(tool) }).catch(() => undefined)
    }
  },
  async 'json-schema-ref-no-deref'(client) {
    // The schema is used here, which is the time to be tempted; what the call comes to does not matter.
    for (const { name } of await toolsOf(client)) {
      await client.callTool({ name, arguments: { id: 'a', profile: {} } }).catch(() => undefined)
    }
  },
  async 'json-schema-2020-12-preservation'(client) {
    const schema = (await toolsOf(client)).find(({ name }) => name === 'json_schema_2020_12_tool')?.inputSchema
    await client.callTool({ name: 'json_schema_echo', arguments: { schema } })
  },
}

if (gateText === undefined) await speakTo(new URL(url))
else {
  const gate = JSON.parse(gateText) as Gate
  const name = `subject-${process.pid}`
  const wantsTokens = scenario.startsWith('auth/')
  const endpoint = await addServer(gate, name, url, wantsTokens ? oauth(JSON.parse(context) as Ourselves) : undefined)
  try {
    const use = () => speakTo(endpoint, gate.key)
    await (wantsTokens ? whileAuthorizing(administration(gate), name, use) : use())
  } finally {
    // Closes what is open to the suite's server, which waits for that before it ends.
    await removeServer(gate, name)
  }
}

async function speakTo(endpoint: URL, key?: string): Promise<void> {
  const client = new Client(
    { name: 'conformance', version: '1' },
    {
      versionNegotiation: { mode: revision === '2025-11-25' ? 'legacy' : { pin: revision } },
      capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} },
    },
  )
  client.setRequestHandler('elicitation/create', ({ params }) => {
    assert.ok(params.mode !== 'url')
    const properties = Object.entries(params.requestedSchema.properties as Record<string, { default?: string }>)
    return {
      action: 'accept',
      content: Object.fromEntries(properties.map(([name, about]) => [name, about.default ?? true])),
    }
  })
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
  await client.connect(new StreamableHTTPClientTransport(endpoint, { requestInit: { headers } }))
  try {
    await (steps[scenario] ?? listAndCall)(client)
  } finally {
    await client.close()
  }
}

/** What a scenario gets that only wants to see somebody come and use the tools there are. */
async function listAndCall(client: Client): Promise<void> {
  if (client.getServerCapabilities()?.tools === undefined) return
  for (const { name } of await toolsOf(client)) {
    // One that wants more than was authorized is called again when it is.
    await client.callTool({ name, arguments: {} }).catch((error: unknown) => {
      if (!String(error).includes('castellan servers authorize')) throw error
    })
  }
}

async function toolsOf(client: Client): Promise<Tool[]> {
  return (await client.listTools()).tools
}

/** Arguments that a tool of strings, lists and objects accepts. */
function madeUp({ inputSchema }: Tool): Record<string, unknown> {
  const values: Readonly<Record<string, unknown>> = { string: 'made-up', array: ['made-up'], object: {}, null: null }
  const properties = Object.entries(inputSchema.properties ?? {}) as [string, { type: string }][]
  return Object.fromEntries(properties.map(([name, { type }]) => [name, values[type]]))
}
