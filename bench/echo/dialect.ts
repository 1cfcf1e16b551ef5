/** The two revisions everything is measured in: with sessions, and without. */
export const revisions = ['2025-11-25', '2026-07-28'] as const
export type Revision = (typeof revisions)[number]

export interface Message {
  readonly id?: number | string
  readonly method?: string
  readonly params?: { readonly name?: string; readonly arguments?: { readonly text?: string } }
}

/** Answers a JSON-RPC message as text, and undefined a notification. */
export type Answerer = (message: Message) => string | undefined

/**
 * A server as fast as it can be made that speaks one revision and none other, so that whoever stands in front of it speaks
 * it, too. Its tool `echo` gives back the text it was given; of further tools it only has the definitions.
 */
export function echoServer(revision: Revision, toolCount: number): Answerer {
  const modern = revision === '2026-07-28'
  const complete = modern ? { resultType: 'complete' } : {}
  const cacheable = modern ? { ...complete, ttlMs: 0, cacheScope: 'private' } : {}
  const serverInfo = { name: 'bench-echo', version: '1' }
  const capabilities = { tools: {} }
  const tools = JSON.stringify({ ...cacheable, tools: definitions(toolCount) })
  const greeting = modern
    ? { ...cacheable, supportedVersions: [revision], capabilities, serverInfo }
    : { protocolVersion: revision, capabilities, serverInfo }
  const greetingMethod = modern ? 'server/discover' : 'initialize'
  const ending = modern ? '}],"resultType":"complete"}}' : '}]}}'
  return ({ id, method, params }) => {
    if (id === undefined) return undefined
    switch (method) {
      case 'tools/call':
        return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[{"type":"text","text":${JSON.stringify(params?.arguments?.text ?? '')}${ending}`
      case 'tools/list':
        return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${tools}}`
      case 'ping':
        return JSON.stringify({ jsonrpc: '2.0', id, result: complete })
      case greetingMethod:
        return JSON.stringify({ jsonrpc: '2.0', id, result: greeting })
      default:
        return JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } })
    }
  }
}

export const echoTool = {
  name: 'echo',
  description: 'Gives back the text it is given.',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
  annotations: { readOnlyHint: true },
} as const

/** The tool `echo` and, up to the count, tools of the size that real ones have: about half a kilobyte. */
function definitions(count: number): readonly object[] {
  const others = Array.from({ length: count - 1 }, (_, index) => ({
    name: `tool_${String(index).padStart(5, '0')}`,
    description: `Number ${index} of the tools that are only listed. It would look up a parcel and tell where it is now.`,
    inputSchema: {
      type: 'object',
      properties: {
        parcel: { type: 'string', description: 'Number on the label', pattern: '^[A-Z]{2}[0-9]{9}$' },
        history: { type: 'boolean', description: 'Whether to tell of each step on the way' },
        limit: { type: 'integer', minimum: 1, maximum: 100 },
      },
      required: ['parcel'],
    },
    annotations: { readOnlyHint: true },
  }))
  return [echoTool, ...others]
}
