import { Client, type ClientCapabilities, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { ControlPlane } from './control-plane.ts'

export const revisions = ['2025-11-25', '2026-07-28'] as const
export type Revision = (typeof revisions)[number]

export interface ConnectOptions {
  /** Instead of the administrator's. */
  readonly key?: string
  readonly path?: string
  readonly tenant?: string
  /** What it can be asked; nothing unless told. */
  readonly capabilities?: ClientCapabilities
}

/** A client of the official SDK, on one revision of the protocol, that is closed by `await using`. */
export type McpClient = Client & AsyncDisposable

export async function connect(
  castellan: Pick<ControlPlane, 'url' | 'key'>,
  revision: Revision,
  { key = castellan.key, path = '/mcp', tenant, capabilities = {} }: ConnectOptions = {},
): Promise<McpClient> {
  const mode = revision === '2025-11-25' ? 'legacy' : { pin: revision }
  const client = new Client({ name: 'e2e', version: '1' }, { capabilities, versionNegotiation: { mode } })
  const headers = { authorization: `Bearer ${key}`, ...(tenant === undefined ? {} : { 'x-tenant-id': tenant }) }
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${castellan.url}${path}`), { requestInit: { headers } }),
  )
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() })
}

export async function toolNames(client: Client): Promise<string[]> {
  return (await client.listTools()).tools.map(tool => tool.name)
}

/** What a call answered: its first text, embedded or not, and what became of it when the control plane said so. */
export interface Told {
  readonly text: string
  /** Our own word in `_meta`; `ok` or `toolError` when the answer is the server's. */
  readonly outcome: string
}

export async function callTool(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
  options: Parameters<Client['callTool']>[1] = {},
): Promise<Told> {
  const result = await client.callTool({ name, arguments: args }, options)
  const [first] = result.content as { text?: string; resource?: { text?: string } }[]
  const ours = result._meta?.['castellan/outcome']
  return {
    text: first?.text ?? first?.resource?.text ?? '',
    outcome: typeof ours === 'string' ? ours : result.isError ? 'toolError' : 'ok',
  }
}
