import { placeOf } from './addresses.ts'
import type { ModelProviders } from './model-providers.ts'
import type { GuardrailProviders } from './guardrail-providers.ts'
import type { Values } from './settings.ts'

/** Where this process is and what it may use. Durations are milliseconds, sizes bytes. */
export interface Config {
  readonly host: string
  readonly port: number
  readonly data: string
  /** null means the embedded store. */
  readonly database: string | null
  readonly role: Values['role']
  /** null means that nobody is hinted by NATS. */
  readonly nats: string | null
  readonly cluster: {
    readonly host: string
    readonly port: number
    /** Under which host and port others reach it; null means those it listens on. */
    readonly address: string | null
  }
  /** Without a slash at the end; null means the address we listen on. */
  readonly publicUrl: string | null
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  readonly maxBody: number
  readonly drainTimeout: number
  readonly log: { readonly level: Values['log.level']; readonly format: Values['log.format'] }
  /** null means that API keys are the only credentials. */
  readonly oidc: OidcConfig | null
  readonly policy: PolicyConfig
  readonly approvals: { readonly decideWithin: number; readonly useWithin: number }
  readonly guardrails: { readonly providers: GuardrailProviders; readonly budget: number }
  readonly secrets: SecretsConfig
  readonly models: { readonly providers: ModelProviders }
  readonly mcp: { readonly sessionIdle: number; readonly maxSessions: number }
  readonly runs: {
    readonly atOnce: number
    readonly mostOfTenant: number | null
    readonly mostCallsOfTool: number | null
    readonly mostFailuresOfTrigger: number
  }
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

/** Places where others keep secrets. */
export interface SecretsConfig {
  readonly files: string | null
  readonly vault: {
    readonly url: string
    readonly token: NonNullable<OpaConfig['token']>
    readonly namespace: string | null
    readonly path: string
    readonly timeout: number
    readonly keep: number
    /** Path of a PEM file. */
    readonly ca: string | null
  } | null
}

export interface PolicyConfig {
  /** All must allow; there is always one. */
  readonly engines: Values['policy.engines']
  /** Set when `opa` is among the engines. */
  readonly opa: OpaConfig | null
  /** Set when `opa-wasm` is among the engines. */
  readonly opaWasm: {
    readonly bundle: string
    readonly path: string
    readonly timeout: number
    readonly memory: number
  } | null
}

export interface OpaConfig {
  readonly url: string
  readonly path: string
  readonly timeout: number
  /** Where the token is; null means none. */
  readonly token: { readonly env: string } | { readonly secret: string } | null
  /** Paths of PEM files. */
  readonly ca: string | null
  readonly cert: string | null
  readonly key: string | null
  readonly failOpen: boolean
}

export function configOf(values: Values): Config {
  return {
    host: values.host,
    port: values.port,
    data: values.data,
    database: values.database,
    role: values.role,
    nats: values.nats,
    cluster: { ...placeOf(values['cluster.listen']), address: values['cluster.address'] },
    publicUrl: values.public_url?.replace(/\/+$/, '') ?? null,
    allowedHosts: values.allowed_hosts,
    allowedOrigins: values.allowed_origins,
    maxBody: values.max_body,
    drainTimeout: values.drain_timeout,
    log: { level: values['log.level'], format: values['log.format'] },
    oidc: oidcOf(values),
    policy: { engines: [...new Set(values['policy.engines'])], opa: opaOf(values), opaWasm: opaWasmOf(values) },
    approvals: { decideWithin: values['approvals.decide_within'], useWithin: values['approvals.use_within'] },
    guardrails: { providers: values['guardrails.providers'], budget: values['guardrails.budget'] },
    secrets: { files: values['secrets.files'], vault: vaultOf(values) },
    models: { providers: values['models.providers'] },
    mcp: { sessionIdle: values['mcp.session_idle'], maxSessions: values['mcp.max_sessions'] },
    runs: {
      atOnce: values['runs.at_once'],
      mostOfTenant: values['runs.most_of_tenant'],
      mostCallsOfTool: values['runs.most_calls_of_tool'],
      mostFailuresOfTrigger: values['runs.most_failures_of_trigger'],
    },
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

function opaOf(values: Values): OpaConfig | null {
  const url = values['policy.opa.url']
  if (url === null || !values['policy.engines'].includes('opa')) return null
  const token = values['policy.opa.token']
  return {
    url,
    path: values['policy.opa.path'],
    timeout: values['policy.opa.timeout'],
    token: token === null ? null : secretOf(token),
    ca: values['policy.opa.ca'],
    cert: values['policy.opa.cert'],
    key: values['policy.opa.key'],
    failOpen: values['policy.opa.fail_open'],
  }
}

function opaWasmOf(values: Values): PolicyConfig['opaWasm'] {
  const bundle = values['policy.opa_wasm.bundle']
  if (bundle === null || !values['policy.engines'].includes('opa-wasm')) return null
  return {
    bundle,
    path: values['policy.opa_wasm.path'],
    timeout: values['policy.opa_wasm.timeout'],
    memory: values['policy.opa_wasm.memory'],
  }
}

function vaultOf(values: Values): SecretsConfig['vault'] {
  const url = values['secrets.vault.url']
  const token = values['secrets.vault.token']
  if (url === null || token === null) return null
  return {
    url,
    token: secretOf(token),
    namespace: values['secrets.vault.namespace'],
    path: values['secrets.vault.path'],
    timeout: values['secrets.vault.timeout'],
    keep: values['secrets.vault.keep'],
    ca: values['secrets.vault.ca'],
  }
}

/** What `env:NAME` or `secret:NAME` refers to. */
export function secretOf(reference: string): NonNullable<OpaConfig['token']> {
  const [, kind, name] = /^(env|secret):(.*)$/.exec(reference) as unknown as [string, string, string]
  return kind === 'env' ? { env: name } : { secret: name }
}
