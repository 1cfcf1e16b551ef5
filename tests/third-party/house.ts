import { fixturePath } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/stdio-target.ts'
import { type ControlPlane, controlPlane, stdioServer } from '../support/control-plane.ts'
import { connect, type McpClient } from '../support/mcp-client.ts'

/** A control plane with servers behind it. */
export interface House extends AsyncDisposable {
  readonly url: string
  /** The administrator's. */
  readonly key: string
  /** Of an agent that may see every tool of server-everything, and may only use those that read. */
  readonly readerKey: string
  /** Sees what became of the calls of others. */
  readonly observer: McpClient
}

export async function house(): Promise<House> {
  const castellan = await controlPlane()
  for (const server of [stdioServer('everything'), fixture('fixture', 'stdio-server.ts', 'both'), ledger]) {
    await castellan.ask('POST', '/api/mcp-servers', server)
  }
  const readerKey = await readersKey(castellan)
  const observer = await connect(castellan, '2026-07-28')
  return {
    url: `${castellan.url}/mcp`,
    key: castellan.key,
    readerKey,
    observer,
    async [Symbol.asyncDispose]() {
      await observer.close()
      await castellan[Symbol.asyncDispose]()
    },
  }
}

function fixture(name: string, file: string, ...args: readonly string[]) {
  return { name, transport: 'stdio', command: process.execPath, args: [fixturePath(file), ...args], trusted: true }
}

const ledger = fixture('ledger', 'ledger-server.ts', 'stdio', '/dev/null')

async function readersKey({ ask }: ControlPlane): Promise<string> {
  const reader = await ask<{ id: string }>('POST', '/api/principals', { name: 'reader', kind: 'agent' })
  const all = { server: 'everything', primitive_type: 'tool', name: '*' }
  await ask('POST', '/api/grants', { to: { role: 'member' }, ...all })
  const key = { principal: reader.id, name: 'reader', scopes: ['mcp'] }
  return (await ask<{ plaintext: string }>('POST', '/api/keys', key)).plaintext
}
