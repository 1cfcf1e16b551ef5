import { choice, duration, type Kind, list, optional, size, text, trueOrFalse, wholeNumber } from './kinds.ts'
import { guardrailProviders } from './guardrail-providers.ts'
import {
  isDatabaseUrl,
  isDecisionPath,
  isHostAndPort,
  isHostName,
  isIssuer,
  isListenAddress,
  isListenPlace,
  isNatsUrl,
  isOpaUrl,
  isOrigin,
  isPath,
  isPublicUrl,
  isSafeUrl,
  isSecretReference,
  withoutPassword,
} from './addresses.ts'
import { modelProviders } from './model-providers.ts'

export interface Setting<T> extends Kind<T> {
  readonly fallback: NoInfer<T>
  readonly about: string
  /** Whether the value may hold a secret, so that no complaint repeats it. */
  readonly secret?: true
}

function setting<T>(kind: Kind<T>, fallback: NoInfer<T>, about: string): Setting<T> {
  return { ...kind, fallback, about }
}

function secret<T>(open: Setting<T>): Setting<T> {
  return { ...open, secret: true }
}

const claim = optional(text('the name of a claim or a dotted path to it', 'claim', value => value.length <= 200))
const issuer = text('an https URL without query or fragment', 'url', isIssuer)
const keySet = text('an https URL', 'url', isSafeUrl)
const publicUrl = optional(text('an http or https URL without credentials, query or fragment', 'url', isPublicUrl))
const origin = text('an origin such as https://console.example', 'origin', isOrigin)
const hostName = text('a host name, or a host name and a port', 'host', isHostName)
const database = optional(text('a URL such as postgres://user@host:5432/name', 'url', isDatabaseUrl))

const nats = optional(text('a URL such as nats://user:password@host:4222, or tls://', 'url', isNatsUrl))

const opaUrl = optional(text('an http or https URL without query, or unix:/path/of/a/socket', 'url', isOpaUrl))
const decision = text('names with slashes between them, any of which may be {tenant}', 'path', isDecisionPath)
const pemFile = optional(text('the path of a PEM file', 'file', isPath))
const tokenReference = optional(text('env:NAME or secret:NAME', 'reference', isSecretReference))

/**
 * Every static setting by its path in the file. The path gives the flag and the variable, such as `--mcp-session-idle` and
 * `CASTELLAN_MCP_SESSION_IDLE`.
 */
export const settings = {
  host: setting(text('an IP address or localhost', 'address', isListenAddress), '127.0.0.1', 'Address to listen on.'),
  port: setting(wholeNumber(0, 65_535), 7400, 'Port to listen on; 0 takes a free one.'),
  data: setting(text('a path', 'folder', isPath), '.castellan', 'Folder for keys and the embedded store.'),
  database: secret(
    setting({ ...database, show: withoutPassword }, null, 'PostgreSQL to use in place of the embedded store.'),
  ),
  role: setting(
    choice(['both', 'api', 'worker']),
    'both',
    'What this process does among those on one PostgreSQL: answer clients, carry out runs and deliveries, or both.',
  ),
  nats: secret(
    setting({ ...nats, show: withoutPassword }, null, 'NATS by which processes hint to each other that there is news.'),
  ),
  'cluster.listen': setting(
    text('an IP address and a port', 'address:port', isListenPlace),
    '127.0.0.1:0',
    'Where other processes reach this one for the stdio servers it runs; 0 takes a free port.',
  ),
  'cluster.address': setting(
    optional(text('a host and a port', 'host:port', isHostAndPort)),
    null,
    'Under which address they do, when that is not the one it listens on.',
  ),
  public_url: setting(publicUrl, null, 'Where clients reach us, when that is not the address we listen on.'),
  allowed_hosts: setting(list(hostName), [], 'Values of the Host header that are answered besides loopback names.'),
  allowed_origins: setting(list(origin), [], 'Web origins that may call besides our own.'),
  max_body: setting(size('1 KiB', '64 MiB'), 4_194_304, 'Largest request body.'),
  drain_timeout: setting(duration('0s', '10m'), 10_000, 'How long calls under way may take to end when stopping.'),
  'log.level': setting(
    choice(['debug', 'info', 'warn', 'error', 'silent']),
    'info',
    'Least important lines that are logged.',
  ),
  'log.format': setting(choice(['json', 'text']), 'json', 'How log lines are written.'),
  'oidc.issuer': setting(optional(issuer), null, 'Issuer whose tokens are accepted besides API keys.'),
  'oidc.audience': setting(
    optional(text('a text', 'audience', value => value.length <= 500)),
    null,
    'Audience that tokens must be for.',
  ),
  'oidc.jwks_uri': setting(optional(keySet), null, "Where the issuer's keys are; its metadata says so by default."),
  'oidc.roles_claim': setting(claim, null, 'Claim with the roles of a token; then the issuer decides on roles.'),
  'oidc.tenants_claim': setting(claim, null, 'Claim with the tenants a token is good for.'),
  'oidc.provision': setting(trueOrFalse(), false, 'Whether an unknown subject with a good token becomes a member.'),
  'policy.engines': setting(
    list(choice(['cedar', 'opa', 'opa-wasm'])),
    ['cedar'],
    'Who decides about calls; each of them must allow.',
  ),
  'policy.opa.url': secret(setting(opaUrl, null, 'The OPA that is asked, or unix: and the path of its socket.')),
  'policy.opa.path': setting(
    decision,
    'castellan',
    'Where its decision is, below data; {tenant} stands for the tenant.',
  ),
  'policy.opa.timeout': setting(duration('10ms', '30s'), 1_000, 'How long a decision may take before it is a no.'),
  'policy.opa.token': secret(
    setting(tokenReference, null, 'Where the token for it is: a variable, or a stored secret.'),
  ),
  'policy.opa.ca': setting(pemFile, null, 'Certificates of the authorities it must be certified by.'),
  'policy.opa.cert': setting(pemFile, null, 'Our certificate, for an OPA that wants to know who asks.'),
  'policy.opa.key': setting(pemFile, null, 'The key of that certificate.'),
  'policy.opa.fail_open': setting(
    trueOrFalse(),
    false,
    'Whether calls are allowed while it does not answer. Dangerous.',
  ),
  'policy.opa_wasm.bundle': setting(
    optional(text('the path of a .tar.gz or .wasm', 'file', isPath)),
    null,
    'Compiled policies that are evaluated in this process; read anew when the file changes.',
  ),
  'policy.opa_wasm.path': setting(decision, 'castellan', 'Their entrypoint; {tenant} stands for the tenant.'),
  'policy.opa_wasm.timeout': setting(duration('10ms', '30s'), 1_000, 'How long a decision may take before it is a no.'),
  'policy.opa_wasm.memory': setting(size('1 MiB', '1024 MiB'), 67_108_864, 'Most memory they may use for a decision.'),
  'approvals.decide_within': setting(
    duration('1s', '24d'),
    3_600_000,
    'How long people have to approve a call, unless a rule says otherwise.',
  ),
  'approvals.use_within': setting(
    duration('1s', '24d'),
    900_000,
    'How long an approval may be used once it is given, unless a rule says otherwise.',
  ),
  'guardrails.providers': secret(
    setting(guardrailProviders, {}, 'External providers that look at texts besides the detectors.'),
  ),
  'guardrails.budget': setting(
    duration('10ms', '30s'),
    1_000,
    'How long a scan waits for all of them together; who has not answered by then is unavailable.',
  ),
  'secrets.files': setting(
    optional(text('a path', 'folder', isPath)),
    null,
    'Folder with secrets as files that servers may refer to; {tenant} stands for the tenant.',
  ),
  'secrets.vault.url': secret(
    setting(
      optional(text('an https URL, or http on this machine, without credentials, query or fragment', 'url', isIssuer)),
      null,
      'A HashiCorp Vault, or what speaks like it, that servers may refer to.',
    ),
  ),
  'secrets.vault.token': secret(
    setting(tokenReference, null, 'Where the token for it is: a variable, or a stored secret.'),
  ),
  'secrets.vault.namespace': setting(
    optional(text('a text without spaces', 'namespace', value => /^[\x21-\x7e]{1,200}$/.test(value))),
    null,
    'Its namespace.',
  ),
  'secrets.vault.path': setting(
    decision,
    'secret/data/castellan/{tenant}',
    'Below which path of a KV engine of version 2 secrets are; {tenant} stands for the tenant.',
  ),
  'secrets.vault.timeout': setting(duration('10ms', '30s'), 2_000, 'How long it may take to answer.'),
  'secrets.vault.keep': setting(duration('0s', '1h'), 60_000, 'How long what was read from it is good.'),
  'secrets.vault.ca': setting(pemFile, null, 'Certificates of the authorities it must be certified by.'),
  'models.providers': secret(setting(modelProviders(), {}, 'Who offers models to agents, by name.')),
  'mcp.session_idle': setting(duration('1s', '7d'), 1_800_000, 'When a session without requests is collected.'),
  'mcp.max_sessions': setting(wholeNumber(1, 100_000), 1_000, 'Most sessions open at once.'),
  'runs.at_once': setting(
    wholeNumber(1, 10_000),
    128,
    'Most runs that a process has under way at once, three quarters of them of one tenant; those at rest do not count.',
  ),
  'runs.most_of_tenant': setting(
    optional(wholeNumber(1, 100_000)),
    null,
    'Most runs of one tenant under way at once, in all processes; the others wait in the queue.',
  ),
  'runs.most_calls_of_tool': setting(
    optional(wholeNumber(1, 100_000)),
    null,
    'Most calls of one tool that runs make at once, in all processes; the others wait.',
  ),
  'runs.most_failures_of_trigger': setting(
    wholeNumber(1, 100_000),
    1_000,
    'Most failures that are kept of one trigger; with as many it stands still until some are redriven or dropped.',
  ),
  'stdio.max_concurrent_spawns': setting(wholeNumber(1, 64), 4, 'Most servers started at the same time.'),
  'stdio.idle_stop': setting(duration('1s', '7d'), 600_000, 'When a server without calls is stopped.'),
}

export type Path = keyof typeof settings
export type Values = { readonly [P in Path]: (typeof settings)[P] extends Setting<infer T> ? T : never }

export const paths = Object.keys(settings) as readonly Path[]

export function variableOf(path: Path): string {
  return `CASTELLAN_${path.replaceAll('.', '_').toUpperCase()}`
}

export function flagOf(path: Path): string {
  return `--${path.replaceAll(/[._]/g, '-')}`
}
