// node bench/hops/sdk.ts REVISION (URL | COMMAND ARGUMENT …): a hop made of the official SDK's server and client, checking
// nothing: what a gateway costs that is built the documented way.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, Server } from '@modelcontextprotocol/server'
import { announceAndServe } from '../stage/announce.ts'

const [revision = '', command = '', ...args] = process.argv.slice(2)
const modern = revision === '2026-07-28'

const upstream = new Client(
  { name: 'bench-hop', version: '1' },
  { versionNegotiation: { mode: modern ? { pin: revision } : 'legacy' } },
)
await upstream.connect(
  command.startsWith('http:')
    ? new StreamableHTTPClientTransport(new URL(command))
    : new StdioClientTransport({ command, args }),
)

function hop(): Server {
  const server = new Server({ name: 'bench-hop', version: '1' }, { capabilities: { tools: {} } })
  server.setRequestHandler('tools/list', () => upstream.listTools())
  server.setRequestHandler('tools/call', ({ params }) => upstream.callTool(params))
  return server
}

const sessions = new Map<string, NodeStreamableHTTPServerTransport>()

async function withSession(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const id = request.headers['mcp-session-id']
  const known = typeof id === 'string' ? sessions.get(id) : undefined
  if (known) return known.handleRequest(request, response)
  const transport: NodeStreamableHTTPServerTransport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: true,
    onsessioninitialized: id => void sessions.set(id, transport),
    onsessionclosed: id => void sessions.delete(id),
  })
  await hop().connect(transport)
  await transport.handleRequest(request, response)
}

const stateless = toNodeHandler(createMcpHandler(hop, { legacy: 'reject' }))
const serve = modern ? stateless : withSession
announceAndServe(createServer((request, response) => void serve(request, response)))
