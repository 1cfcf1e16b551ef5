import { readFileSync } from 'node:fs'
import { cedarPolicyEngine } from '../../apps/castellan/src/adapters/policy-cedar/index.ts'
import { ajvValidator } from '../../apps/castellan/src/adapters/schema-ajv/index.ts'
import { openSqlite } from '../../apps/castellan/src/adapters/store-sql/index.ts'
import { approvalsOver } from '../../apps/castellan/src/approvals/fixtures/approvals-over.ts'
import {
  type Answer,
  Budgets,
  type CallRequest,
  type Connector,
  Consent,
  Executor,
  Gate,
  Labels,
  LateWrites,
  path,
  Recorder,
  Rules,
  type SchemaValidator,
  Upstreams,
} from '../../apps/castellan/src/gate/index.ts'
import { detectors, Guardrails } from '../../apps/castellan/src/guardrails/index.ts'
import { type Actor, DEFAULT_TENANT, type Identity } from '../../apps/castellan/src/identity/index.ts'
import { Journal } from '../../apps/castellan/src/journal/index.ts'
import { digestJson, newId, systemClock } from '../../apps/castellan/src/kernel/index.ts'
import { Masker, Registry } from '../../apps/castellan/src/registry/index.ts'
import { emptyDiscovery } from '../../apps/castellan/src/registry/fixtures/discovery.ts'
import { aServer } from '../../apps/castellan/src/registry/fixtures/server.ts'
import { echoTool } from '../echo/dialect.ts'
import { scratchFolder } from './scratch.ts'

/** A gate as `app/compose.ts` builds it, on a real store, engine and validator, in front of a server that answers at once. */
export interface InstantGate extends AsyncDisposable {
  readonly gate: Gate
  readonly registry: Registry
  readonly validator: SchemaValidator
  pass(tool: Tool, text: string): Promise<Answer>
  request(tool: Tool, text: string): CallRequest
  /** Has three budgets count every call from here on: of the tenant's money, of each principal's calls, of agents' time. */
  setBudgets(): Promise<void>
  /** Writes what nobody waited for. */
  flush(): Promise<void>
}

/** A tool that only reads, and one that may change something: its intent is on disk before it is called. */
export const tools = ['read', 'unsafe'] as const
export type Tool = (typeof tools)[number]

/** Called around each step of a pass with the name of the step. */
export type Around = <T>(step: string, run: () => T) => T

export async function openInstantGate(around: Around = (_step, run) => run()): Promise<InstantGate> {
  const clock = systemClock
  const folder = scratchFolder('gate')
  const stores = await openSqlite({ folder, clock })
  const journal = new Journal(stores.journal, clock, new Masker())
  const actor: Actor = { tenant: DEFAULT_TENANT, principal: 'system', correlationId: newId() }
  const server = aServer({
    name: 'echo',
    trusted: true,
    tools: Object.fromEntries(tools.map(effect => [effect, { effect }])),
  })
  const capabilities = tools.map(name => {
    const definition = { ...echoTool, name }
    return {
      server: server.id,
      primitive: 'tool' as const,
      name,
      definition,
      digest: digestJson(definition),
      impliedEffect: null,
    }
  })
  await stores.registry.saveServer(server, [], [])
  const catalog = { ...emptyDiscovery, capabilities, server: server.id, discoveredAt: clock.now().toISOString() }
  await stores.registry.saveCatalog(server.tenant, catalog, [])
  const upstreams = new Upstreams({
    connectors: [instant],
    clock,
    maxOpenings: 4,
    resolveSecrets: async () => ({}),
    onListChanged: () => undefined,
    onResourceUpdated: () => undefined,
    onOpened: () => undefined,
    onLog: () => undefined,
  })
  const vault = { keyId: '', seal: unused, open: unused, rewrap: unused, fingerprint: unused }
  const registry = new Registry({
    store: stores.registry,
    journal,
    source: upstreams,
    vault,
    clock,
    pins: {
      store: stores.pins,
      inspect: async () => ({ findings: [], blind: null }),
      onTrouble: error => {
        throw error
      },
    },
    problemIn: unused,
  })
  await registry.load()
  await registry.grants.add({ to: { role: 'member' }, server: '*', primitive: 'tool', name: '*', asTool: false }, actor)
  const engine = cedarPolicyEngine()
  const rules = new Rules(stores.rules, journal, engine)
  const starter = new URL('../../apps/castellan/policies/starter.cedar', import.meta.url)
  await rules.putPolicies({ 'starter.cedar': readFileSync(starter, 'utf8') }, actor)

  const onBug = (error: unknown) => {
    throw error
  }
  const guardrails = new Guardrails(detectors(), { onBug })
  const late = new LateWrites(clock, onBug)
  const budgets = new Budgets({ ledger: stores.budgets, journal, late, clock })
  const recorder = new Recorder({ calls: stores.calls, journal, late, clock })
  const executor = new Executor((allowed, io) => upstreams.call(allowed, io), clock)
  const guards = path({
    pins: registry.pins,
    rules,
    sessions: { terms: () => null },
    labels: new Labels(clock),
    guardrails: async () => guardrails,
    engines: [engine],
    calls: stores.calls,
    budgets,
    clock,
  })
  const validator = ajvValidator()
  const gate = new Gate({
    registry,
    validator,
    guards: guards.map(guard => ({
      ...guard,
      check: (call, passage) => around(`guard ${guard.name}`, () => guard.check(call, passage)),
      ...(guard.review && {
        review: (call, outcome, passage) => around(`review ${guard.name}`, () => guard.review!(call, outcome, passage)),
      }),
    })),
    executor: wrapped(executor, 'run', 'execute (answers at once)', around),
    recorder: wrapped(wrapped(recorder, 'intend', 'intent', around), 'ended', 'end', around),
    consent: new Consent(approvalsOver(stores.approvals, journal, clock)),
    late,
    clock,
    onBug,
  })
  const identity: Identity = {
    principal: { id: newId(), kind: 'agent', name: 'bench', memberships: [], external: null, version: 1 },
    tenant: DEFAULT_TENANT,
    roles: ['member', 'operator'],
    scopes: ['mcp'],
    keyId: newId(),
    expiresAt: null,
  }
  const request: InstantGate['request'] = (tool, text) => ({
    identity,
    view: { is: 'all' },
    use: 'tool',
    as: 'tool',
    name: `echo__${tool}`,
    args: { text },
    context: {
      correlationId: newId(),
      causationId: null,
      sessionId: null,
      idempotencyKey: null,
      dryRun: false,
      via: 'mcp',
      meta: null,
    },
    io: { signal: new AbortController().signal, onProgress: null, client: null },
  })
  return {
    gate,
    registry,
    validator,
    request,
    pass: (tool, text) => gate.pass(request(tool, text)),
    async setBudgets() {
      const budget = { soft: null, limit: 1e14, grace: 0, window: 'month', overSoft: 'warn', imposed: false } as const
      const price = { is: 'tool', tools: '*', perCall: 10, perArgument: [], perKb: 1, mostKb: 64 } as const
      await budgets.prices.put({ name: 'all', ...price, tokensPerCall: 0, tokensPerKb: 0 }, actor)
      await budgets.put({ name: 'tenant-money', scope: { is: 'tenant' }, unit: 'money', ...budget }, actor)
      await budgets.put({ name: 'calls', scope: { is: 'principal', id: null }, unit: 'calls', ...budget }, actor)
      await budgets.put({ name: 'time', scope: { is: 'agent', id: null }, unit: 'time', ...budget }, actor)
    },
    flush: () => late.flush(),
    async [Symbol.asyncDispose]() {
      await gate.drain(AbortSignal.timeout(1_000))
      await upstreams.close()
      await stores.close()
    },
  }
}

const answered = { is: 'result', result: { content: [{ type: 'text', text: 'done' }] } } as const

const instant: Connector = {
  transports: ['stdio'],
  async open() {
    const { promise: closed, resolve } = Promise.withResolvers<string>()
    return {
      closed,
      discover: async () => emptyDiscovery,
      probe: async () => undefined,
      call: async () => answered,
      close: async () => resolve('closed by us'),
    }
  },
}

/** The same object but for one method, which is run within `around`. */
function wrapped<T extends object>(target: T, method: keyof T, step: string, around: Around): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name, object)
      if (typeof value !== 'function') return value
      const run = value.bind(object) as (...args: unknown[]) => unknown
      return name === method ? (...args: unknown[]) => around(step, () => run(...args)) : run
    },
  })
}

function unused(): never {
  throw new Error('nothing here asks for this')
}
