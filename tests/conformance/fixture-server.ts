import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node'
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  isInitializeRequest,
  isLegacyRequest,
  localhostAllowedHostnames,
  type McpServer,
} from '@modelcontextprotocol/server'
import { EventLog } from './fixture/event-log.ts'
import { type Announce, fixtureMcpServer } from './fixture/mcp-server.ts'
import type { Revision } from './suite.ts'

export interface FixtureServer extends AsyncDisposable {
  readonly url: string
}

interface Session {
  readonly server: McpServer
  readonly transport: NodeStreamableHTTPServerTransport
}

/**
 * An MCP server of streamable HTTP on 127.0.0.1, sessions of 2025-11-25 and requests of 2026-07-28 on the same path, that
 * has what the scenarios of the conformance suite ask for; `only` keeps it to one of them. It is made with the official SDK alone, so that what goes wrong
 * through the gate is the gate's.
 */
export async function fixtureServer(only?: Revision): Promise<FixtureServer> {
  const sessions = new Map<string, Session>()
  const announce: Announce = {
    tools() {
      modern.notify.toolsChanged()
      for (const { server } of sessions.values()) server.sendToolListChanged()
    },
    prompts() {
      modern.notify.promptsChanged()
      for (const { server } of sessions.values()) server.sendPromptListChanged()
    },
  }
  const modern = createMcpHandler(() => fixtureMcpServer(announce), { legacy: 'reject' })
  const answerModern = toNodeHandler(modern)

  async function newSession(): Promise<Session> {
    const server = fixtureMcpServer(announce)
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new EventLog(),
      retryInterval: 500,
      onsessioninitialized: id => void sessions.set(id, session),
      onsessionclosed: id => void sessions.delete(id),
    })
    const session = { server, transport }
    await server.connect(transport)
    return session
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await text(request)
    const body: unknown = sent === '' ? undefined : JSON.parse(sent)
    const asked = await toWebRequest(request, body)
    const strange = hostHeaderValidationResponse(asked, localhostAllowedHostnames())
    if (strange !== undefined) return void response.writeHead(strange.status).end(await strange.text())
    const inSession = request.method !== 'POST' || (await isLegacyRequest(asked, body))
    if (only === '2026-07-28' || (only === undefined && !inSession)) return await answerModern(request, response, body)
    const id = request.headers['mcp-session-id']
    const session =
      typeof id === 'string' ? sessions.get(id) : isInitializeRequest(body) ? await newSession() : undefined
    if (session === undefined) response.writeHead(id === undefined ? 400 : 404).end()
    else await session.transport.handleRequest(request, response, body)
  }

  const http = createServer((request, response) => {
    take(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    async [Symbol.asyncDispose]() {
      await modern.close()
      for (const { server } of sessions.values()) await server.close()
      http.closeAllConnections()
      await new Promise(resolve => http.close(resolve))
    },
  }
}
