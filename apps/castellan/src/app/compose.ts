import { hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { prometheus } from '../adapters/metrics-prom/index.ts'
import { ajvValidator } from '../adapters/schema-ajv/index.ts'
import { localVault, masterKey } from '../adapters/secrets-local/index.ts'
import type { Stores } from '../adapters/store-sql/index.ts'
import type { Core } from '../api/index.ts'
import { type Config, secretEnvironment, type Variables } from '../config/index.ts'
import {
  type BreakerSettings,
  type Connector,
  Executor,
  Gate,
  LateWrites,
  path,
  Recorder,
  Rules,
  Upstreams,
  Watches,
} from '../gate/index.ts'
import { Authenticator, type Books, DEFAULT_TENANT, Directory, type TokenVerifier } from '../identity/index.ts'
import { Journal } from '../journal/index.ts'
import { type Clock, fault, newId, systemClock } from '../kernel/index.ts'
import {
  Authorizations,
  Masker,
  Registry,
  resolveSecrets,
  type Server,
  type SecretRef,
  secretsOf,
} from '../registry/index.ts'
import { type Log, logTo, type Meter } from '../telemetry/index.ts'
import { authorizerOnFirstUse, onFirstUse } from './on-first-use.ts'
import { guardrails } from './guardrails.ts'
import { policyEngines } from './policy-engines.ts'
import { starterPolicies } from './starter-policies.ts'

export interface Surroundings {
  readonly variables: Variables
  /** Where log lines go. */
  readonly write: (line: string) => void
  /** How circuit breakers behave; the default unless someone cannot wait. */
  readonly breaker?: BreakerSettings
  /** Milliseconds in which a request must have come in whole; a minute unless someone cannot wait. */
  readonly requestTimeout?: number
}

/** Everything that is built once; nothing of it runs yet. */
export interface Parts {
  readonly core: Core
  readonly stores: Stores
  readonly upstreams: Upstreams
  readonly late: LateWrites
  readonly log: Log
  readonly meter: Meter
  /** The URL is known only once the port is. */
  readonly address: { url: string }
}

/** Builds the adapters and wires them to the core: the only place that knows both. */
export async function compose(
  stores: Stores,
  config: Config,
  { variables, write, breaker }: Surroundings,
  sessions: () => number,
): Promise<Parts> {
  const clock: Clock = systemClock
  const masker = new Masker()
  const password = config.database === null ? '' : (URL.parse(config.database)?.password ?? '')
  if (password !== '') masker.learn(decodeURIComponent(password))
  const { level, format } = config.log
  const log: Log =
    level === 'silent'
      ? () => undefined
      : logTo({ level, format, write, now: clock.now, mask: text => masker.mask(text) })
  const onBug = (error: unknown) =>
    log('error', 'bug', { error: error instanceof Error ? (error.stack ?? error.message) : 'not an Error' })

  const journal = new Journal(stores.journal, clock, masker)
  const master = masterKey(join(config.data, 'master.key'))
  const vault = localVault(master)
  const environment = secretEnvironment(variables, DEFAULT_TENANT)

  const resolved = (tenant: string, refs: Readonly<Record<string, SecretRef>>) => {
    const secret = (owner: string, name: string) => registry.secret(owner, name)
    return resolveSecrets(tenant, refs, { secret, vault, environment, masker })
  }

  // The connectors there are; a new one is one more line here.
  const connectors: readonly Connector[] = [
    onFirstUse(['stdio', 'streamable-http', 'sse', 'websocket'], async () => {
      const { mcpConnector } = await import('../adapters/connector-mcp/index.ts')
      return mcpConnector({ environment: variables })
    }),
    onFirstUse(['http-adapter'], async () => (await import('../adapters/connector-adapter/index.ts')).adapterConnector),
    onFirstUse(['openapi'], async () => (await import('../adapters/connector-openapi/index.ts')).openApiConnector),
  ]
  const upstreams: Upstreams = new Upstreams({
    connectors,
    clock,
    maxOpenings: config.stdio.maxConcurrentSpawns,
    resolveSecrets: server => resolved(server.tenant, secretsOf(server.connection)),
    authorization: server => authorizations.of(server),
    onListChanged: (serverId, list) => void registry.listChanged(serverId, list).catch(onBug),
    onResourceUpdated: (serverId, uri) => watches.changed(serverId, uri),
    onOpened: serverId => void registry.refresh(serverId).catch(onBug),
    onLog: (server, line) => log('debug', 'server.said', { server, line: line.slice(0, 500) }),
  })
  const watches: Watches = new Watches((serverId, uri) => upstreams.unwatch(serverId, uri))
  const registry = new Registry({ store: stores.registry, journal, source: upstreams, vault, clock })

  const address = { url: '' }
  const publicUrl = () => config.publicUrl ?? address.url
  const probe = (server: Server) => {
    upstreams.wake(server.id)
    return registry.checkHealth(server, { tenant: server.tenant, principal: 'system', correlationId: newId() })
  }
  const authorizations: Authorizations = new Authorizations({
    authorizer: authorizerOnFirstUse(async () =>
      (await import('../adapters/upstream-oauth/index.ts')).oauthAuthorizer(clock),
    ),
    store: stores.registry,
    vault,
    journal,
    clock,
    masker,
    clientSecret: async server => {
      const { auth } = { auth: undefined, ...server.connection }
      if (!auth?.clientSecret) return null
      return (await resolved(server.tenant, { secret: auth.clientSecret }))['secret']!
    },
    redirectUrl: () => `${publicUrl().replace(/\/$/, '')}/oauth/callback`,
    server: id => registry.servers().find(each => each.id === id),
    onChanged: server => void probe(server).catch(onBug),
    provoke: probe,
  })

  const { engines, holder, filesDecide } = await policyEngines(config, {
    readSecret: async ref => (await resolved(DEFAULT_TENANT, { token: ref }))['token']!,
    onBundleRefused: why => log('error', 'policy.bundle_refused', { why }),
  })
  const rules = new Rules(stores.rules, journal, holder)
  const late = new LateWrites(clock, onBug)
  const recorder = new Recorder({ calls: stores.calls, journal, late, clock })
  const executor = new Executor((allowed, io) => upstreams.call(allowed, io), clock, breaker)
  const guards = path({ rules, engines, calls: stores.calls, clock })
  const gate = new Gate({ registry, validator: ajvValidator(), guards, executor, recorder, late, clock, onBug })

  const books: Books = { store: stores.identity, journal, clock }
  const tokens = config.oidc && { ...config.oidc, verifier: await tokenVerifier(config.oidc, clock) }
  const metrics = prometheus({
    sessions,
    callsUnderWay: () => gate.underWay,
    lateWrites: () => late.backlog,
    servers: () => countBy(registry.servers().map(server => registry.health(server.id).status)),
    journalHead: () => stores.journal.head(),
  })
  let detecting: ReturnType<typeof guardrails> | undefined
  const core: Core = {
    version,
    authenticator: new Authenticator(books, tokens),
    directory: new Directory(books),
    registry,
    authorizations,
    rules,
    engines,
    guardrails: () => (detecting ??= guardrails(onBug)),
    gate,
    calls: stores.calls,
    watches,
    sessionEnded: id => void upstreams.leave(id).catch(onBug),
    stateKey: new Uint8Array(hkdfSync('sha256', master, '', 'request state', 32)),
    journal,
    vault,
    clock,
    get publicUrl() {
      return publicUrl()
    },
    oidcIssuer: config.oidc?.issuer ?? null,
    metrics: metrics.render,
    notReady: () => (gate.stopping ? fault('SHUTTING_DOWN').message : late.trouble),
    welcomeTenant: async (tenant, actor) => {
      if (filesDecide && !rules.policySet(tenant)) await rules.putPolicies(starterPolicies(), { ...actor, tenant })
    },
    onBug,
  }
  return { core, stores, upstreams, late, log, meter: metrics.meter, address }
}

/** Loaded only where there is an issuer. */
async function tokenVerifier(settings: NonNullable<Config['oidc']>, clock: Clock): Promise<TokenVerifier> {
  const { oidcVerifier } = await import('../adapters/identity-oidc/index.ts')
  return oidcVerifier(settings, clock)
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

function countBy(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1
  return counts
}
