import type { Rest } from '../support/rest.ts'
import type { NetworkServers } from './fixtures/network-servers.ts'

const program = new URL('./fixtures/stdio-server.ts', import.meta.url).pathname

/** What each tool may do, in the operator's words; the others are unsafe. */
const tools = {
  echo: { effect: 'read', network: false },
  slow: { effect: 'read', network: false },
  large: { effect: 'read', network: false },
  count: { effect: 'idempotent', network: false },
}

/** An argument by which the processes of the unsteady stdio server of a run are known. */
export function markOf(folder: string): string {
  return `--soak=${folder}`
}

/** Registers every server twice: one that is steady, and one on which anything may go wrong. */
export async function register(
  rest: Rest,
  folder: string,
  {
    steady,
    unsteady,
    perClient,
  }: { readonly steady: NetworkServers; readonly unsteady: NetworkServers; readonly perClient: boolean },
): Promise<void> {
  for (const [servers, suffix] of [[steady, ''] as const, [unsteady, '-x'] as const]) {
    const how = suffix === '' ? 'steady' : 'unsteady'
    const args = [program, how, ...(suffix === '' ? [] : [markOf(folder)])]
    const connections: Readonly<Record<string, object>> = {
      files: { transport: 'stdio', command: process.execPath, args, env: { SOAK_RUN: folder }, replicas: 2 },
      web: { transport: 'streamable-http', url: servers.http },
      web26: { transport: 'streamable-http', url: servers.httpModern },
      live: { transport: 'websocket', url: servers.webSocket },
      plain: { transport: 'http-adapter', url: servers.adapter },
      shop: { transport: 'openapi', document: `${servers.service}/openapi.json`, endpoints: [servers.service] },
    }
    // What hangs is given up soon, what is steady never.
    const timeouts = { call: suffix === '' ? '60s' : '2s' }
    for (const [name, connection] of Object.entries(connections)) {
      // Who is asked must be certain, also over one pipe.
      const settings = { tools, timeouts, probe_every: '5s', max_concurrent: 64, per_client: perClient }
      const body = { name: `${name}${suffix}`, ...connection, ...settings }
      await rest.must('POST', '/api/mcp-servers', { body })
    }
  }
}
