import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Authenticator, DEFAULT_TENANT, requireAccess } from '../identity/index.ts'
import { fault, isFault } from '../kernel/index.ts'

export interface OperationsParts {
  readonly version: string
  readonly authenticator: Pick<Authenticator, 'authenticate'>
  readonly notReady: () => string | null
  /** What goes worse than it could, though work is done. */
  readonly impaired: () => readonly string[]
  /** Prometheus text. */
  readonly metrics: () => Promise<string>
  readonly onBug: (error: unknown) => void
}

export interface Operations {
  readonly host: string
  readonly port: number
  close(): Promise<void>
}

/**
 * What balancers and monitors ask of a process that answers no clients: `/health`, `/ready` and `/metrics`, as they are on one that
 * does. Throws plain errors of `listen`.
 */
export async function listenForOperations(
  parts: OperationsParts,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Operations> {
  const server = createServer((request, response) => {
    void answer(parts, request, response).catch((error: unknown) => {
      if (!isFault(error)) parts.onBug(error)
      refuse(response, error)
    })
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(port, host, resolve)
  await promise
  const bound = server.address() as AddressInfo
  return {
    host: bound.address,
    port: bound.port,
    async close() {
      const closed = new Promise(done => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(parts: OperationsParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { version, authenticator, notReady, impaired, metrics } = parts
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, { detail: 'Only GET.' })
  switch (request.url?.split('?', 1)[0]) {
    case '/health':
      return send(response, 200, { status: 'ok', version })
    case '/ready': {
      const reason = notReady()
      return send(response, reason === null ? 200 : 503, { ready: reason === null, reason, impaired: impaired() })
    }
    case '/metrics': {
      const presented = { authorization: request.headers.authorization, tenant: undefined }
      const identity = await authenticator.authenticate(presented, AbortSignal.timeout(10_000))
      requireAccess(identity, { scope: 'read', roles: ['admin', 'auditor'] })
      if (identity.tenant !== DEFAULT_TENANT) throw fault('FORBIDDEN', { needs: `the tenant ${DEFAULT_TENANT}` })
      const text = await metrics()
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
      return
    }
    default:
      return send(response, 404, { detail: 'This process answers no clients; those with the role api do.' })
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy()
  else if (isFault(error, 'UNAUTHENTICATED')) send(response, 401, { code: error.code, detail: error.message })
  else if (isFault(error, 'FORBIDDEN')) send(response, 403, { code: error.code, detail: error.message })
  else send(response, isFault(error) ? 503 : 500, { detail: 'This cannot be answered now.' })
}
