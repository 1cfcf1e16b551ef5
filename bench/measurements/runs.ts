import { ajvValidator } from '../../apps/castellan/src/adapters/schema-ajv/index.ts'
import { openPostgres, openSqlite, type Stores } from '../../apps/castellan/src/adapters/store-sql/index.ts'
import { freshPostgres } from '../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { DEFAULT_TENANT, type Identity } from '../../apps/castellan/src/identity/index.ts'
import { Journal } from '../../apps/castellan/src/journal/index.ts'
import { type JsonObject, newId, systemClock } from '../../apps/castellan/src/kernel/index.ts'
import {
  agentDecider,
  Engine,
  engineByDefault,
  hasEnded,
  type Run,
  Runs,
  type StepEnd,
  type Work,
} from '../../apps/castellan/src/runs/index.ts'
import { postgresForTests } from '../../tests/support/services.ts'
import type { Finding, Measurement, Setting } from '../measurement.ts'
import { scratchFolder } from '../stage/scratch.ts'

export const runs: Measurement = {
  name: 'runs',
  about:
    'The engine of runs: agents that ask their model, call a tool, ask again and are done, eight lines each; model and tool answer at once ' +
    'and without the gate, so that what is left is what the engine itself costs. All of one batch are queued before the first begins. ' +
    'Engines share this process, and so its processor.',
  run: measure,
}

const batch = { full: 2_000, quick: 200 }
/** Milliseconds after which a batch that does not end is given up. */
const PATIENCE = 120_000

async function measure({ form, say }: Setting): Promise<Finding> {
  const rows: (string | number)[][] = []
  const numbers: Record<string, number> = {}
  const wrong: string[] = []
  const postgres = await postgresForTests()
  const stores: [string, number, () => Promise<Stores>][] = [
    ['SQLite', 1, () => openSqlite({ folder: scratchFolder('castellan'), clock: systemClock })],
  ]
  if (postgres.skip === false) {
    for (const engines of [1, 2, 4]) {
      const { url, drop } = await freshPostgres(postgres.url)
      stores.push([
        'PostgreSQL',
        engines,
        async () => {
          const opened = await openPostgres({ url, connections: 20 })
          return { ...opened, close: async () => (await opened.close(), drop()) }
        },
      ])
    }
  }
  for (const [store, engines, open] of stores) {
    const { seconds, waited, failed } = await drive(await open(), engines, batch[form])
    if (failed > 0) wrong.push(`${failed} of ${batch[form]} runs on ${store} did not complete`)
    const perSecond = batch[form] / seconds
    rows.push([store, engines, perSecond, (perSecond * LINES) | 0, quantile(waited, 0.5), quantile(waited, 0.99)])
    numbers[`runs/s ${store} ${engines}`] = perSecond
    say(`${store}, ${engines}: ${perSecond.toFixed(0)} runs/s`)
  }
  return {
    tables: [
      {
        title: `${batch[form]} runs`,
        columns: ['store', 'engines', 'runs/s', 'lines/s', 'queued to ended p50 ms', 'p99 ms'],
        rows,
      },
    ],
    numbers,
    wrong,
  }
}

/** Lines of each run. */
const LINES = 9

async function drive(stores: Stores, engines: number, count: number) {
  const journal = new Journal(stores.journal, systemClock)
  const hands = { carry: async (_run: Run, work: Work) => play(work) }
  const deciders = { agent: agentDecider(ajvValidator()) }
  const parts = { store: stores.runs, journal, deciders, hands, clock: systemClock, onDelta: () => undefined }
  const bugs: unknown[] = []
  const all = Array.from({ length: engines }, () => new Engine(newId(), parts, engineByDefault, bug => bugs.push(bug)))
  const api = new Runs({ store: stores.runs, journal, engine: { hint: () => undefined }, deciders, clock: systemClock })
  const queued: Run[] = []
  for (let from = 0; from < count; from += 50) {
    const wish = { kind: 'agent', name: 'worker', definition, input: { message: 'go', context: null } } as const
    queued.push(...(await Promise.all(Array.from({ length: 50 }, () => api.start(wish, identity, actor)))))
  }
  const started = performance.now()
  for (const engine of all) engine.start()
  let left = 1
  while (left > 0 && performance.now() - started < PATIENCE) {
    left = (await stores.runs.backlog()).reduce((sum, each) => sum + each.queued, 0)
    if (left > 0) await new Promise(resolve => setTimeout(resolve, 20))
  }
  const seconds = (performance.now() - started) / 1_000
  await Promise.all(all.map(engine => engine.stop(AbortSignal.abort())))
  const ended = await Promise.all(queued.map(run => api.get(run.tenant, run.id)))
  await stores.close()
  const origin = Math.min(...ended.map(run => Date.parse(run.startedAt ?? run.queuedAt)))
  const waited = ended.map(run => Date.parse(run.endedAt ?? run.queuedAt) - origin).toSorted((a, b) => a - b)
  return {
    seconds,
    waited,
    failed: ended.filter(run => !hasEnded(run) || run.state !== 'completed').length + bugs.length,
  }
}

function play(work: Work): StepEnd {
  if (work.is === 'tool') {
    const payload = { result: { content: [{ type: 'text', text: 'done' }] } }
    return { is: 'ended', outcome: 'ok', data: {}, payload }
  }
  if (work.is !== 'model') throw new Error('agents compute nothing, and no call is in doubt')
  const answers = work.request.messages.some(({ role }) => role === 'tool')
  const calls = answers ? [] : [{ id: 'c', tool: 'tools__act', args: {} }]
  const data = { answered_by: 'm', tokens_in: 1, tokens_out: 1 }
  return { is: 'ended', outcome: 'ok', data, payload: { text: 'ok', calls, finish: answers ? 'stop' : 'calls' } }
}

const definition: JsonObject = {
  name: 'worker',
  system: '',
  models: ['test/one'],
  temperature: null,
  maxTokens: null,
  tools: [{ name: 'tools__act', exposed: 'tools__act', description: '', schema: { type: 'object' } }],
  output: null,
  maxIterations: 15,
  timeout: 600_000,
  toolTimeout: 30_000,
}

const principal = { id: newId(), kind: 'user', name: 'bench', memberships: [], external: null, version: 1 } as const
const identity: Identity = {
  principal,
  tenant: DEFAULT_TENANT,
  roles: ['member'],
  scopes: ['mcp'],
  keyId: null,
  expiresAt: null,
}
const actor = { tenant: DEFAULT_TENANT, principal: principal.id, correlationId: newId() }

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
