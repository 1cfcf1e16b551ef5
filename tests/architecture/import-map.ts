/** What a folder may reach for. Rooms and packages that are not listed are refused, and so is a folder without a row. */
export interface Room {
  /** Other rooms, entered through their `index.ts` only; `@castellan/…` are packages of this workspace. */
  readonly may: readonly string[]
  /** Packages from the registry, subpaths included. */
  readonly npm: readonly string[]
  /** Modules of Node: none, those that only compute, or all. */
  readonly node: 'none' | 'pure' | 'all'
}

/** Modules of Node that touch neither files, network, processes nor threads. */
export const pureNode = ['assert', 'async_hooks', 'buffer', 'crypto', 'events', 'path', 'timers', 'url', 'util']

const contracts = '@castellan/contracts'
const sdk = '@castellan/sdk'
const ground = ['kernel', contracts]

const beforeGate = [...ground, 'identity', 'journal', 'registry', 'guardrails', 'approvals']
const beforeDrift = [...beforeGate, 'ledger', 'gate', 'runs', 'orders']
const domain = [...beforeDrift, 'sessions', 'drift', 'packs', 'reports']
const surface = [...domain, 'config']

function pure(may: readonly string[], npm: readonly string[] = []): Room {
  return { may, npm, node: 'pure' }
}

function io(may: readonly string[], npm: readonly string[] = []): Room {
  return { may, npm, node: 'all' }
}

/** Folders of `apps/castellan/src`. */
export const folders: Readonly<Record<string, Room>> = {
  kernel: pure([]),
  config: io(ground, ['zod', 'yaml']),
  journal: pure(ground),
  // The plans by which the countries of the world number their telephones.
  guardrails: pure(ground, ['libphonenumber-js']),
  identity: pure([...ground, 'journal']),
  registry: pure([...ground, 'identity', 'journal']),
  approvals: pure([...ground, 'identity', 'journal']),
  ledger: pure([...ground, 'identity', 'journal']),
  gate: pure(beforeGate),
  history: pure([...ground, 'registry']),
  sessions: pure([...beforeGate, 'gate']),
  // Documents of workflows are read with their positions.
  runs: pure([...beforeGate, 'ledger', 'gate'], ['yaml']),
  orders: pure([...ground, 'identity', 'journal', 'ledger', 'gate']),
  drift: pure(beforeDrift),
  packs: pure(beforeDrift),
  reports: pure(beforeDrift),
  telemetry: pure([...ground, 'journal']),
  api: io(surface, [
    'fastify',
    'fastify-type-provider-zod',
    '@fastify/*',
    '@modelcontextprotocol/server',
    '@modelcontextprotocol/node',
    '@modelcontextprotocol/core',
    'zod',
    'ws',
  ]),
  worker: io(surface),
  site: io(surface),
  // The demo is a client of the control plane, by the official SDK, and opens the workbook it gets.
  cli: io([...surface, sdk], ['commander', 'yaml', '@modelcontextprotocol/client', 'fflate']),
}

/** Folders of `apps/castellan/src/adapters`: kernel, contracts, and the domain folders whose ports they implement. */
export const adapters: Readonly<Record<string, Room>> = {
  'store-sql': io(
    [...ground, 'identity', 'journal', 'registry', 'gate', 'approvals', 'sessions', 'runs', 'history'],
    ['kysely', 'pg'],
  ),
  // The way between nodes: it stands in front of another connector, which it is given, and passes on what models say.
  'connector-cluster': io([...ground, 'registry', 'gate', 'runs']),
  'fanout-nats': io([...ground, 'journal'], ['@nats-io/transport-node']),
  'connector-mcp': io([...ground, 'registry', 'gate', 'adapters/http-client'], ['eventsource-parser', 'undici', 'ws']),
  // What adapters share: requests over HTTP, with an honest answer to whether they were sent. It implements no port.
  'http-client': io([...ground, 'registry', 'gate'], ['undici']),
  'connector-adapter': io([...ground, 'registry', 'gate', 'adapters/http-client']),
  'upstream-oauth': io([...ground, 'registry', 'adapters/http-client'], ['@modelcontextprotocol/client']),
  'connector-builtin': io([...ground, 'identity', 'registry', 'gate', 'runs', 'history', 'adapters/http-client']),
  'connector-openapi': io([...ground, 'registry', 'gate', 'adapters/http-client'], ['yaml']),
  'policy-cedar': io([...ground, 'gate'], ['@cedar-policy/cedar-wasm']),
  'policy-opa': io([...ground, 'gate', 'adapters/http-client'], ['@open-policy-agent/opa-wasm']),
  'guardrail-http': io([...ground, 'guardrails', 'registry', 'adapters/http-client']),
  // The packages that a model runs on are installed by those who have one, and loaded from there.
  'guardrail-onnx': io([...ground, 'guardrails']),
  'guardrail-thread': io([...ground, 'guardrails']),
  'schema-ajv': io([...ground, 'gate'], ['ajv', 'ajv-formats', 're2js']),
  'identity-oidc': io([...ground, 'identity'], ['jose']),
  'secrets-local': io([...ground, 'registry']),
  'secrets-vault': io([...ground, 'registry', 'adapters/http-client']),
  'webhook-http': io([...ground, 'journal', 'registry', 'adapters/http-client']),
  'model-ai-sdk': io([...ground, 'registry', 'runs', 'adapters/http-client'], ['@ai-sdk/*', 'undici']),
  'expressions-jsonata': io([...ground, 'runs'], ['jsonata']),
  'calendar-croner': io([...ground, 'runs'], ['croner']),
  'model-scripted': io([...ground, 'runs'], ['yaml']),
  'model-cassette': io([...ground, 'runs']),
  'report-json': io([...ground, 'reports']),
  'report-xlsx': io([...ground, 'reports'], ['fflate']),
  'report-html': io([...ground, 'reports']),
  'metrics-prom': io([...ground, 'telemetry'], ['prom-client']),
}

/** Packages of this workspace, by the name others import them with. */
export const packages: Readonly<Record<string, Room>> = {
  [contracts]: { may: [], npm: ['zod'], node: 'none' },
  [sdk]: { may: [contracts], npm: [], node: 'none' },
  '@castellan/verifier': { may: [contracts], npm: [], node: 'all' },
  '@castellan/pack-kit': { may: [contracts], npm: ['zod'], node: 'pure' },
}

/** `main.ts`, the only file outside of a folder and the only one that may import `app`. */
export const main: Room = io(['app', 'cli', 'config', 'kernel'])

/** The composition root. */
export const app: Room = io(
  [
    ...surface,
    'history',
    'telemetry',
    'api',
    'worker',
    'site',
    ...Object.keys(adapters).map(name => `adapters/${name}`),
    sdk,
  ],
  ['*'],
)

/**
 * Files, and folders, that may load others late, with `import()`: where the composition root or a store chooses what there
 * will be, and where most processes never come. Elsewhere a file shows at its top what it needs.
 */
export const loadsLate = [
  'main.ts',
  'app/',
  'adapters/store-sql/index.ts',
  'api/rest/open-api.ts',
  'api/websocket/index.ts',
  'cli/demo.ts',
  'cli/program.ts',
].map(path => `apps/castellan/src/${path}`)

/** Files that load what the user has installed, by a path that is found out: no row could name it. */
export const loadsElsewhere = ['apps/castellan/src/adapters/guardrail-onnx/classify.thread.ts']

/** The rooms that may read `process.env`; everybody else is told what they need. */
export const readsEnvironment = ['config', 'main']

/** Names that say nothing about what is inside, and therefore attract everything. */
export const forbiddenNames = ['utils', 'util', 'helpers', 'helper', 'common', 'misc']
