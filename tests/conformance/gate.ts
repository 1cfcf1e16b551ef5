import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CastellanClient } from '@castellan/sdk'
import { castellanProcess } from '../support/castellan-process.ts'
import type { oauth } from './authorize.ts'

/** A control plane of its own in another process, in which one principal may do everything. Survives being written as JSON. */
export interface Gate {
  readonly url: string
  /** The administrator's. */
  readonly adminKey: string
  /** That of the principal. */
  readonly key: string
}

export async function openGate(): Promise<Gate & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'castellan-conformance-'))
  const castellan = await castellanProcess(folder)
  const { principals, grants, policies, keys } = new CastellanClient(castellan)
  const { id: principal } = await principals.create({ name: 'conformance', kind: 'service' })
  for (const primitive_type of ['tool', 'resource', 'prompt'] as const) {
    await grants.create({ to: { principal }, server: '*', primitive_type, name: '*' })
  }
  await policies.put({ 'conformance.cedar': '@id("everything") permit (principal, action, resource);' })
  const { plaintext } = await keys.create({ principal, name: 'conformance', scopes: ['mcp'] })
  return {
    url: castellan.url,
    adminKey: castellan.key,
    key: plaintext,
    async [Symbol.asyncDispose]() {
      castellan.signal('SIGTERM')
      await castellan.ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Puts a server of streamable HTTP behind the gate, and gives the URL of its endpoint there. */
export async function addServer(gate: Gate, name: string, url: string, auth?: ReturnType<typeof oauth>): Promise<URL> {
  const server = {
    name,
    transport: 'streamable-http',
    url,
    trusted: true,
    ...(auth === undefined ? {} : { auth }),
  } as const
  await administration(gate).servers.create(server)
  return new URL(`/mcp/servers/${name}`, gate.url)
}

export async function removeServer(gate: Gate, name: string): Promise<void> {
  await administration(gate).servers.remove(name)
}

/** Speaks as the administrator. */
export function administration({ url, adminKey }: Gate): CastellanClient {
  return new CastellanClient({ url, key: adminKey })
}
