import type { IncomingMessage, Server } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { LIVE_PROTOCOL } from '@castellan/contracts'
import type { WebSocket, WebSocketServer } from 'ws'
import { type Identity, requireAccess } from '../../identity/index.ts'
import { isFault } from '../../kernel/index.ts'
import type { Core } from '../core.ts'
import { type AllowedHosts, hostCheck } from '../host-check.ts'
import { identityOf } from '../identity-of.ts'
import { use } from '../rest/allowed.ts'
import { Conversation } from './conversation.ts'

export interface LiveEndpoint {
  /** Takes over requests to upgrade of a server. */
  attach(server: Server): void
  /** Says goodbye to everybody: they come back and go on where they were. */
  close(): Promise<void>
}

/**
 * `/ws/session/:sessionId`: executions as they happen, and commands about them. Any number of clients may share a session. With
 * `?resume_from=<offset>` a client goes on after what it heard last.
 * Source: RFC 6455.
 */
export function liveEndpoint(core: Core, hosts: AllowedHosts): LiveEndpoint {
  const refusal = hostCheck(hosts)
  let opening: Promise<WebSocketServer> | undefined
  // Most control planes never see a client of this kind.
  const sockets = (): Promise<WebSocketServer> => (opening ??= webSockets())

  async function welcome(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const [, session, after = null] = SESSION.exec(request.url ?? '') ?? []
    if (session === undefined) return refuse(socket, 404)
    if (refusal(request.headers) !== null) return refuse(socket, 403)
    const headers = presented(request)
    let identity: Identity
    try {
      identity = await identityOf(core, headers)
      requireAccess(identity, use)
    } catch (error) {
      return refuse(socket, isFault(error, 'UNAUTHENTICATED') ? 401 : isFault(error, 'FORBIDDEN') ? 403 : 503)
    }
    const server = await sockets()
    if (socket.destroyed) return
    server.handleUpgrade(request, socket, head, client => {
      const conversation = new Conversation(core, client, session, identity)
      keepAlive(client, async () => {
        const again = await identityOf(core, headers)
        requireAccess(again, use)
        conversation.renew(again)
      })
      conversation.begin(after === null ? null : Number(after)).catch(error => {
        core.onBug(error)
        client.close(1011)
      })
    })
  }

  return {
    attach(server) {
      server.on('upgrade', (request, socket, head) => {
        socket.on('error', () => socket.destroy())
        welcome(request, socket, head).catch(error => {
          core.onBug(error)
          refuse(socket, 500)
        })
      })
    },
    async close() {
      const server = await opening
      for (const client of server?.clients ?? []) {
        client.close(1001, 'the control plane stops')
        client.terminate()
      }
      server?.close()
    },
  }
}

async function webSockets(): Promise<WebSocketServer> {
  const { WebSocketServer: Server } = await import('ws')
  return new Server({
    noServer: true,
    maxPayload: 2 ** 21,
    handleProtocols: offered => (offered.has(LIVE_PROTOCOL) ? LIVE_PROTOCOL : false),
  })
}

const SESSION = /^\/ws\/session\/([A-Za-z0-9._~-]{1,128})(?:\?resume_from=(\d{1,15}))?$/
/** Milliseconds between signs of life; a client that gave none since the last is gone. */
const HEARTBEAT = 15_000

/** Asks with every heartbeat whether the client is there, and whether it may still be. */
function keepAlive(client: WebSocket, lookAgain: () => Promise<void>): void {
  let alive = true
  client.on('pong', () => (alive = true))
  client.on('error', () => client.terminate())
  const beat = setInterval(() => {
    if (!alive) return client.terminate()
    alive = false
    client.ping()
    // Nobody's credentials are worth less because the store cannot be asked at the moment.
    lookAgain().catch(error => {
      if (isFault(error) && error.kind === 'denied') client.close(1008, 'the credentials are no longer good')
    })
  }, HEARTBEAT)
  client.once('close', () => clearInterval(beat))
}

/** What a client shows of itself. A browser cannot send headers, so it may name `bearer.<key>` and `tenant.<name>` as protocols. */
function presented({ headers }: IncomingMessage): IncomingMessage['headers'] {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map(each => each.trim())
  const after = (prefix: string) => offered.find(each => each.startsWith(prefix))?.slice(prefix.length)
  const [key, tenant] = [after('bearer.'), after('tenant.')]
  return {
    ...headers,
    ...(headers.authorization === undefined && key !== undefined ? { authorization: `Bearer ${key}` } : {}),
    ...(headers['x-tenant-id'] === undefined && tenant !== undefined ? { 'x-tenant-id': tenant } : {}),
  }
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
