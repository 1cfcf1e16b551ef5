import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { sendProblem } from './rest/error-handler.ts'
import { problem } from './rest/problem.ts'

export interface AllowedHosts {
  /** Accepted in `Host`: a name with any port, or a name and a port; loopback names are always accepted. */
  readonly hosts: readonly string[]
  /** Origins accepted besides the loopback ones, such as `https://console.example.org`. */
  readonly origins: readonly string[]
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/**
 * Refuses requests whose `Host` or `Origin` is not ours, so that a web page someone visits cannot reach a control plane on
 * their machine by rebinding a name. Source: MCP 2025-11-25 and 2026-07-28, transports, security warning.
 */
export function checkHosts(app: FastifyInstance, allowed: AllowedHosts): void {
  const refusal = hostCheck(allowed)
  app.addHook('onRequest', async ({ headers }, reply) => {
    const detail = refusal(headers)
    if (detail !== null) await sendProblem(reply, problem(403, 'FORBIDDEN', detail))
  })
}

/** Why a request with these headers is refused; null when it is not. */
export function hostCheck(allowed: AllowedHosts): (headers: IncomingHttpHeaders) => string | null {
  const hosts = new Set([...LOOPBACK, ...allowed.hosts.map(host => host.toLowerCase())])
  const origins = new Set(allowed.origins.map(origin => origin.toLowerCase()))
  return ({ host, origin }) => {
    const hostOk = host !== undefined && (hosts.has(hostname(host)) || hosts.has(host.toLowerCase()))
    const originOk =
      origin === undefined || origins.has(origin.toLowerCase()) || LOOPBACK.includes(URL.parse(origin)?.hostname ?? '')
    if (hostOk && originOk) return null
    return hostOk
      ? 'The Origin header is not allowed; add it to allowed_origins.'
      : 'The Host header is not allowed; add it to allowed_hosts.'
  }
}

function hostname(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '')
}
