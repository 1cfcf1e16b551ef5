import { hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { prometheus } from '../adapters/metrics-prom/index.ts'
import { ajvValidator, type AjvValidator } from '../adapters/schema-ajv/index.ts'
import { environmentSource, fileSource, KeyFiles, localVault } from '../adapters/secrets-local/index.ts'
import type { Notices } from '../approvals/index.ts'
import type { Stores } from '../adapters/store-sql/index.ts'
import type { Core } from '../api/index.ts'
import { type Config, secretEnvironment, type Variables } from '../config/index.ts'
import {
  Budgets,
  type Connector,
  Consent,
  Executor,
  Gate,
  costOfModel,
  Labels,
  modelPriceTable,
  priceOfModel,
  LateWrites,
  path,
  Recorder,
  Replays,
  Rules,
  Upstreams,
  Watches,
} from '../gate/index.ts'
import { Authenticator, type Books, DEFAULT_TENANT, Directory, type TokenVerifier } from '../identity/index.ts'
import { type Bus, Journal, type Post } from '../journal/index.ts'
import { type BreakerSettings, type Clock, fault, isFault, newId, systemClock } from '../kernel/index.ts'
import {
  Authorizations,
  Masker,
  Registry,
  resolveSecrets,
  type Server,
  type SecretRef,
  type SecretSource,
  SecretRotation,
  secretsOf,
} from '../registry/index.ts'
import { type Engine, standsStill, type TriggerLoop } from '../runs/index.ts'
import { Reports } from '../reports/index.ts'
import { Sessions } from '../sessions/index.ts'
import { type Log, logTo, type Meter } from '../telemetry/index.ts'
import { type ClusterHere, clusterOnFirstUse } from './cluster.ts'
import { approvalParts } from './approvals.ts'
import { authorizerOnFirstUse, expressionsOnFirstUse, onFirstUse } from './on-first-use.ts'
import { guardrailParts, inspection } from './guardrails.ts'
import { models } from './models.ts'
import { readPem } from './read-pem.ts'
import { policyEngines } from './policy-engines.ts'
import { providerPanel } from './provider-panel.ts'
import { runParts } from './runs.ts'
import { redactArguments } from './redact-arguments.ts'
import { reportFormat } from './report-formats.ts'
import { starterPolicies } from './starter-policies.ts'
import { subscriptionParts } from './subscriptions.ts'
import { triggerParts } from './triggers.ts'

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
  readonly labels: Labels
  readonly engine: Engine
  readonly bus: Bus
  readonly triggerLoop: TriggerLoop
  readonly upstreams: Upstreams
  readonly notices: Notices
  readonly validator: AjvValidator
  readonly late: LateWrites
  readonly log: Log
  readonly meter: Meter
  /** The other nodes; null where there can be none. */
  readonly cluster: ClusterHere | null
  /** Each says what goes worse than it could; null while nothing does. */
  readonly impairments: (() => string | null)[]
  /** The URL is known only once the port is. */
  readonly address: { url: string }
  /** Does now what the first call would have to wait for: the words and weights of the detectors are loaded, and the policies read. */
  readonly prepare: () => Promise<void>
  /** Ends what secrets are read through. */
  readonly closeSecrets: () => Promise<unknown>
  /** Ends what guardrails look with. */
  readonly closeGuardrails: () => Promise<void>
  /** Ends what expressions are evaluated in. */
  readonly closeExpressions: () => Promise<void>
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
  const { password = '' } = URL.parse(config.database ?? '') ?? {}
  // To NATS, a user alone is a token.
  const nats = URL.parse(config.nats ?? '')
  for (const secret of [password, nats?.password || nats?.username || ''])
    if (secret !== '') masker.learn(decodeURIComponent(secret))
  const { level, format } = config.log
  const log: Log =
    level === 'silent'
      ? () => undefined
      : logTo({ level, format, write, now: clock.now, mask: text => masker.mask(text) })
  let awayTold = -Infinity
  const onBug = (error: unknown) => {
    if (!isFault(error, 'STORE_UNAVAILABLE'))
      return log('error', 'bug', { error: error instanceof Error ? (error.stack ?? error.message) : 'not an Error' })
    // Much goes on at once that needs it, and tries again.
    if (clock.monotonic() - awayTold < TOLD_AGAIN) return
    awayTold = clock.monotonic()
    log('warn', 'store.away', { why: error.message })
  }

  const journal = new Journal(stores.journal, clock, masker)
  const keys = new KeyFiles(join(config.data, 'master.key'))
  // The same until the next start, whatever key takes over: what was signed meanwhile must still be taken.
  const master = keys.get(keys.current)!
  const keyFor = (purpose: string) => new Uint8Array(hkdfSync('sha256', master, '', purpose, 32))
  const vault = localVault(keys)
  const { files, vault: remote } = config.secrets
  const places: { readonly [Place in 'env' | 'file' | 'vault']?: SecretSource } = {
    env: environmentSource(secretEnvironment(variables, DEFAULT_TENANT)),
    ...(files === null ? {} : { file: fileSource(files, DEFAULT_TENANT) }),
    ...(remote === null
      ? {}
      : { vault: await remoteVault(remote, clock, token => resolved(DEFAULT_TENANT, { token })) }),
  }

  const resolved = (tenant: string, refs: Readonly<Record<string, SecretRef>>) => {
    const secret = (owner: string, name: string) => registry.secret(owner, name)
    return resolveSecrets(tenant, refs, { secret, vault, places, masker })
  }

  const panel = await providerPanel(config.guardrails, {
    readSecret: async ref => (await resolved(DEFAULT_TENANT, { token: ref }))['token']!,
    clock,
    ...(breaker && { breaker }),
    onBug,
    onChange: (provider, why) =>
      why === null
        ? log('info', 'guardrail.provider_works', { provider })
        : log('warn', 'guardrail.provider_fails', { provider, why }),
  })
  const guardrails = guardrailParts(onBug, panel)
  const detectors = guardrails.load

  const mcp = onFirstUse(['stdio', 'streamable-http', 'sse', 'websocket'], async () => {
    const { mcpConnector } = await import('../adapters/connector-mcp/index.ts')
    return mcpConnector({ environment: variables, ownFolder: resolve(config.data) })
  })
  // Where others may run the same servers, there is one of those that cannot be shared otherwise.
  const cluster =
    config.database === null
      ? null
      : clusterOnFirstUse({
          node: stores.nodes.id,
          owners: stores.owners,
          nodes: stores.nodes,
          home: {
            onBehalf: (...given) => upstreams.onBehalf(...given),
            callOnBehalf: (...given) => upstreams.callOnBehalf(...given),
            listening: {
              wants: run => running.listening.wants(run),
              hear: (...piece) => running.listening.hear(...piece),
            },
            unwatch: (serverId, uri) => {
              if (!watches.has(serverId, uri)) upstreams.unwatch(serverId, uri)
            },
          },
          keys: {
            get current() {
              return keys.current
            },
            get: name => (/^[0-9a-f]{8}$/.test(name) ? clusterKey(keys.get(name)) : undefined),
          },
          listen: config.cluster,
          clock,
          onTakenOver: (server, from) => log('info', 'server.taken_over', { server, node: stores.nodes.id, from }),
          onBug,
        })
  // The connectors there are; a new one is one more line here.
  const connectors: readonly Connector[] = [
    ...(cluster ? [cluster.connector(mcp)] : []),
    mcp,
    onFirstUse(['http-adapter'], async () => (await import('../adapters/connector-adapter/index.ts')).adapterConnector),
    onFirstUse(['builtin'], async () => {
      const { builtinConnector } = await import('../adapters/connector-builtin/index.ts')
      return builtinConnector({
        ownFolder: resolve(config.data),
        notes: stores.notes,
        mask: text => masker.mask(text),
        runs: () => running.runs,
        agents: () => running.agents,
        offers: identity => registry.offers(identity, { is: 'all' }),
        clock,
      })
    }),
    onFirstUse(['openapi'], async () => (await import('../adapters/connector-openapi/index.ts')).openApiConnector),
  ]
  const upstreams: Upstreams = new Upstreams({
    connectors,
    clock,
    maxOpenings: config.stdio.maxConcurrentSpawns,
    resolveSecrets: server => resolved(server.tenant, secretsOf(server.connection)),
    authorization: server => authorizations.of(server),
    servers: () => registry.servers(),
    onListChanged: (serverId, list) => {
      cluster?.listChanged(serverId, list)
      void registry.listChanged(serverId, list).catch(onBug)
    },
    onResourceUpdated: (serverId, uri) => {
      cluster?.resourceUpdated(serverId, uri)
      watches.changed(serverId, uri)
    },
    onOpened: serverId => void registry.refresh(serverId).catch(onBug),
    onLog: (server, line) => log('debug', 'server.said', { server, line: line.slice(0, 500) }),
  })
  const watches: Watches = new Watches((serverId, uri) => {
    if (!cluster?.watches(serverId, uri)) upstreams.unwatch(serverId, uri)
  })
  const expressions = expressionsOnFirstUse(async () =>
    (await import('../adapters/expressions-jsonata/index.ts')).jsonataExpressions(),
  )
  const registry = new Registry({
    store: stores.registry,
    journal,
    source: upstreams,
    vault,
    clock,
    pins: {
      store: stores.pins,
      inspect: async texts => inspection(await detectors(), texts),
      onTrouble: error => {
        if (isFault(error)) log('error', 'pins.unreadable', { why: error.message })
        else onBug(error)
      },
    },
    problemIn: async expression => (await expressions.parse(expression)).problem,
  })

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

  const {
    engines,
    holder,
    bundles,
    filesDecide,
    prepare: preparePolicies,
  } = await policyEngines(config, {
    readSecret: async ref => (await resolved(DEFAULT_TENANT, { token: ref }))['token']!,
    onBundleRefused: why => log('error', 'policy.bundle_refused', { why }),
  })
  const rules = new Rules(stores.rules, journal, holder)
  // Loaded with the first that is told.
  const post: Post = async (...message) => (await import('../adapters/webhook-http/index.ts')).webhookPost(...message)
  const secret = async (tenant: string, name: string) =>
    (await resolved(tenant, { secret: { secret: name } }))['secret']!
  const { subscriptions, bus } = subscriptionParts({ stores, journal, post, secret, clock, breaker, onBug })
  const { approvals, notices } = approvalParts({
    stores,
    journal,
    clock,
    times: config.approvals,
    key: keyFor('approval callback'),
    redact: redactArguments(detectors, onBug),
    post,
    secret,
    publicUrl,
  })
  const late = new LateWrites(clock, onBug)
  const budgets = new Budgets({ ledger: stores.budgets, journal, late, clock })
  const recorder = new Recorder({ calls: stores.calls, journal, late, clock })
  const executor = new Executor((allowed, io) => upstreams.call(allowed, io), clock, breaker)
  const labels = new Labels(clock)
  const sessionsHere = new Sessions({
    store: stores.sessions,
    journal,
    rules,
    guardrails: detectors,
    costOf: (tenant, model, input, output) => {
      const [provider = '', ...name] = model.split('/')
      const price = priceOfModel(provider, name.join('/'), budgets.prices.ofModels(tenant), modelPriceTable.prices)
      return price === null ? null : costOfModel(price, { input, output, cached: 0 }).money
    },
    key: keyFor('guardrail fingerprints'),
    clock,
  })
  const guards = path({
    pins: registry.pins,
    rules,
    sessions: sessionsHere,
    labels,
    guardrails: detectors,
    engines,
    calls: stores.calls,
    budgets,
    clock,
  })
  const validator = ajvValidator()
  const consent = new Consent(approvals)
  const gate = new Gate({ registry, validator, guards, executor, recorder, consent, late, clock, onBug })

  const books: Books = { store: stores.identity, journal, clock }
  const authenticator = new Authenticator(
    books,
    config.oidc && { ...config.oidc, verifier: await tokenVerifier(config.oidc, clock) },
  )
  const router = models(config.models.providers, refs => resolved(DEFAULT_TENANT, refs))
  const { engine, ...running } = runParts({
    stores,
    journal,
    gate,
    approvals,
    authenticator,
    model: router,
    budgets,
    validator,
    rules,
    guardrails: detectors,
    registry,
    expressions,
    sessions: sessionsHere,
    masker,
    cluster,
    limits: config.runs,
    key: keyFor('steps of runs'),
    publicUrl,
    clock,
    onBug,
  })
  const { triggerLoop, ...triggering } = triggerParts({
    ...running,
    stores,
    journal,
    expressions,
    authenticator,
    registry,
    engine,
    secret,
    clock,
    mostKept: config.runs.mostFailuresOfTrigger,
    onBug,
  })
  const impairments: Parts['impairments'] = []
  const impaired = () => impairments.map(each => each()).filter(each => each !== null)
  const metrics = prometheus({
    impaired: () => impaired().length,
    sessions,
    callsUnderWay: () => gate.underWay,
    lateWrites: () => late.backlog,
    servers: () => countBy(registry.servers().map(server => registry.health(server.id).status)),
    journalHead: () => stores.journal.head(),
    guardrailProviders: () => panel?.states ?? [],
    subscriptions: () => subscriptions.list(),
    triggers: async () => (await triggering.triggers.list()).map(each => ({ ...each, stalled: standsStill(each) })),
  })
  const core: Core = {
    version,
    authenticator,
    directory: new Directory(books),
    registry,
    authorizations,
    rules,
    budgets,
    engines,
    decisions: stores.decisions,
    replays: new Replays({ rules, bundles, log: stores.decisions, clock }),
    guardrails: detectors,
    approvals,
    sessions: sessionsHere,
    models: router,
    ...running,
    subscriptions,
    ...triggering,
    reports: new Reports({
      journal,
      guardrails: detectors,
      nameOf: async (_tenant, id) => (await stores.identity.principal(id))?.name ?? null,
    }),
    reportFormat,
    gate,
    calls: stores.calls,
    watches,
    waiting: cluster?.waiting ?? null,
    sessionEnded: id => void upstreams.leave(id).catch(onBug),
    stateKey: keyFor('request state'),
    journal,
    vault,
    rotation: new SecretRotation({ store: stores.registry, vault, keys, journal, alone: config.database === null }),
    clock,
    get publicUrl() {
      return publicUrl()
    },
    oidcIssuer: config.oidc?.issuer ?? null,
    metrics: metrics.render,
    notReady: () => (gate.stopping ? fault('SHUTTING_DOWN').message : (late.trouble ?? registry.pins.trouble)),
    impaired,
    welcomeTenant: async (tenant, actor) => {
      if (filesDecide && !rules.policySet(tenant)) await rules.putPolicies(starterPolicies(), { ...actor, tenant })
    },
    onBug,
  }
  return {
    core,
    stores,
    labels,
    engine,
    bus,
    triggerLoop,
    upstreams,
    notices,
    validator,
    late,
    log,
    meter: metrics.meter,
    cluster,
    impairments,
    address,
    async prepare() {
      await (await detectors()).scan(FIRST_TEXT, 'result', {}, { alone: true })
      preparePolicies()
    },
    closeGuardrails: guardrails.close,
    closeExpressions: expressions.close,
    closeSecrets: () => Promise.all(Object.values(places).map(place => place.close())),
  }
}

/** Makes every detector do some work. */
const FIRST_TEXT = 'Ann said: the password of 10.0.0.1 is in https://example.com/?q=1'

/** What nodes know each other by; undefined where there is no such master key. */
function clusterKey(master: Uint8Array | undefined): Uint8Array | undefined {
  return master && new Uint8Array(hkdfSync('sha256', master, '', 'between nodes', 32))
}

/** Loaded only where there is one. */
async function remoteVault(
  { ca, token, ...settings }: NonNullable<Config['secrets']['vault']>,
  clock: Clock,
  read: (token: SecretRef) => Promise<Readonly<Record<string, string>>>,
): Promise<SecretSource> {
  const { vaultSource } = await import('../adapters/secrets-vault/index.ts')
  return vaultSource({
    ...settings,
    only: DEFAULT_TENANT,
    token: async () => (await read(token))['token']!,
    clock,
    ...(ca === null ? {} : { ca: readPem(ca, 'secrets.vault.ca') }),
  })
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

/** Milliseconds between log lines that say that the store is away. */
const TOLD_AGAIN = 10_000
