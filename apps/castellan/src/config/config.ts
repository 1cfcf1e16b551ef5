import type { Values } from './settings.ts'

/** Where this process is and what it may use. Durations are milliseconds, sizes bytes. */
export interface Config {
  readonly host: string
  readonly port: number
  readonly data: string
  /** null means the embedded store. */
  readonly database: string | null
  /** Without a slash at the end; null means the address we listen on. */
  readonly publicUrl: string | null
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  readonly maxBody: number
  readonly drainTimeout: number
  readonly log: { readonly level: Values['log.level']; readonly format: Values['log.format'] }
  /** null means that API keys are the only credentials. */
  readonly oidc: OidcConfig | null
  readonly mcp: { readonly sessionIdle: number; readonly maxSessions: number }
  readonly stdio: { readonly maxConcurrentSpawns: number; readonly idleStop: number }
}

export interface OidcConfig {
  readonly issuer: string
  readonly audience: string
  readonly jwksUri: string | null
  readonly rolesClaim: string | null
  readonly tenantsClaim: string | null
  readonly provision: boolean
}

export function configOf(values: Values): Config {
  return {
    host: values.host,
    port: values.port,
    data: values.data,
    database: values.database,
    publicUrl: values.public_url?.replace(/\/+$/, '') ?? null,
    allowedHosts: values.allowed_hosts,
    allowedOrigins: values.allowed_origins,
    maxBody: values.max_body,
    drainTimeout: values.drain_timeout,
    log: { level: values['log.level'], format: values['log.format'] },
    oidc: oidcOf(values),
    mcp: { sessionIdle: values['mcp.session_idle'], maxSessions: values['mcp.max_sessions'] },
    stdio: { maxConcurrentSpawns: values['stdio.max_concurrent_spawns'], idleStop: values['stdio.idle_stop'] },
  }
}

function oidcOf(values: Values): OidcConfig | null {
  const issuer = values['oidc.issuer']
  const audience = values['oidc.audience']
  if (issuer === null || audience === null) return null
  return {
    issuer,
    audience,
    jwksUri: values['oidc.jwks_uri'],
    rolesClaim: values['oidc.roles_claim'],
    tenantsClaim: values['oidc.tenants_claim'],
    provision: values['oidc.provision'],
  }
}
