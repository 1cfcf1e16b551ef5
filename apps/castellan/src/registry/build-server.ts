import { type Clock, newId } from '../kernel/index.ts'
import type { SealedSecret } from './registry-store.ts'
import type { SecretVault } from './secrets.ts'
import { type Connection, defaultTimeouts, type OAuthSettings, type SecretRef, type Server } from './server.ts'
import { type ConnectionSpec, type SecretInput, serverDefaults, type ServerSpec } from './server-spec.ts'

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
  const seal = (kind: 'env' | 'headers' | 'auth', key: string, input: SecretInput): SecretRef => {
    if (!('value' in input)) return input
    const name = `${id}/${kind}/${key}`
    secrets.push(vault.seal(tenant, name, input.value))
    return { secret: name }
  }
  const sealAll = (kind: 'env' | 'headers', inputs: Readonly<Record<string, SecretInput>>): Record<string, SecretRef> =>
    Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, seal(kind, key, input)]))
  const sealAuth = ({ clientSecret, ...auth }: OAuthSettings<SecretInput>): OAuthSettings => ({
    ...auth,
    clientSecret: clientSecret && seal('auth', 'client_secret', clientSecret),
  })
  const connection = sealed(spec.connection, sealAll, sealAuth)
  const server: Server = {
    id,
    tenant,
    name: spec.name,
    description: spec.description,
    connection,
    timeouts: { ...defaultTimeouts, ...spec.timeouts },
    trusted: spec.trusted,
    tools: spec.tools,
    pinning: spec.pinning ?? serverDefaults.pinning,
    perClient: spec.perClient ?? serverDefaults.perClient,
    maxConcurrent: spec.maxConcurrent ?? serverDefaults.maxConcurrent,
    probeEvery: spec.probeEvery ?? serverDefaults.probeEvery,
    maxAttempts: spec.maxAttempts ?? serverDefaults.maxAttempts,
    version: (before?.version ?? 0) + 1,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  }
  return { server, secrets }
}

function sealed(
  spec: ConnectionSpec,
  sealAll: (kind: 'env' | 'headers', inputs: Readonly<Record<string, SecretInput>>) => Record<string, SecretRef>,
  sealAuth: (auth: OAuthSettings<SecretInput>) => OAuthSettings,
): Connection {
  if (spec.transport === 'builtin') return spec
  if (spec.transport === 'stdio') return { ...spec, env: sealAll('env', spec.env) }
  const headers = sealAll('headers', spec.headers)
  if (spec.transport === 'openapi') return { ...spec, headers }
  const { auth, ...rest } = spec
  return auth === undefined ? { ...rest, headers } : { ...rest, headers, auth: sealAuth(auth) }
}
