import { type Clock, newId } from '../kernel/index.ts'
import type { SealedSecret } from './registry-store.ts'
import type { SecretVault } from './secrets.ts'
import { type Connection, defaultTimeouts, type SecretRef, type Server } from './server.ts'
import { type SecretInput, serverDefaults, type ServerSpec } from './server-spec.ts'

/** The next version of a server, with the secrets that were handed in sealed and replaced by references. */
export function buildServer(
  spec: ServerSpec,
  tenant: string,
  before: Server | undefined,
  { vault, clock }: { readonly vault: SecretVault; readonly clock: Clock },
): { readonly server: Server; readonly secrets: readonly SealedSecret[] } {
  const id = before?.id ?? newId()
  const now = clock.now().toISOString()
  const secrets: SealedSecret[] = []
  const seal = (kind: 'env' | 'headers', inputs: Readonly<Record<string, SecretInput>>): Record<string, SecretRef> =>
    Object.fromEntries(
      Object.entries(inputs).map(([key, input]) => {
        if (!('value' in input)) return [key, input]
        const name = `${id}/${kind}/${key}`
        secrets.push(vault.seal(tenant, name, input.value))
        return [key, { secret: name }]
      }),
    )
  const connection: Connection =
    spec.connection.transport === 'stdio'
      ? { ...spec.connection, env: seal('env', spec.connection.env) }
      : { ...spec.connection, headers: seal('headers', spec.connection.headers) }
  const server: Server = {
    id,
    tenant,
    name: spec.name,
    description: spec.description,
    connection,
    timeouts: { ...defaultTimeouts, ...spec.timeouts },
    trusted: spec.trusted,
    tools: spec.tools,
    maxConcurrent: spec.maxConcurrent ?? serverDefaults.maxConcurrent,
    probeEvery: spec.probeEvery ?? serverDefaults.probeEvery,
    maxAttempts: spec.maxAttempts ?? serverDefaults.maxAttempts,
    version: (before?.version ?? 0) + 1,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  }
  return { server, secrets }
}
