import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openPostgres, openSqlite, type Stores } from '../../apps/castellan/src/adapters/store-sql/index.ts'
import { DEFAULT_TENANT, type Identity } from '../../apps/castellan/src/identity/index.ts'
import { Journal } from '../../apps/castellan/src/journal/index.ts'
import { newId, systemClock } from '../../apps/castellan/src/kernel/index.ts'
import { type Run, Runs, type RunWish } from '../../apps/castellan/src/runs/index.ts'
import { type Castellan, startCastellan } from './castellan.ts'
import { processorMilliseconds } from './process-facts.ts'
import { scratchFolder } from './scratch.ts'
import { register, startEcho } from './servers.ts'

/** What nodes carry out: agents that ask a scripted model, call the echo server through the gate and ask again; or a workflow. */
export const loads = {
  'agents, model at once': { path: '/api/agents/at-once/runs', body: { user_message: 'go' }, calls: 1 },
  'agents, model takes 20 ms': { path: '/api/agents/20ms/runs', body: { user_message: 'go' }, calls: 1 },
  'agents, model takes 1 s': { path: '/api/agents/1s/runs', body: { user_message: 'go' }, calls: 1 },
  'workflows, two calls': { path: '/api/workflows/chain/runs', body: { input: { text: 'ping' } }, calls: 2 },
} as const
export type Load = keyof typeof loads

/** How a batch of runs went. */
export interface Batch {
  /** From the first line of a node to the last. */
  readonly seconds: number
  /** Milliseconds of each run from when it was due to its first line by a node, by the times that lines bear. */
  readonly begun: readonly number[]
  /** As `begun`, to its last line. */
  readonly ended: readonly number[]
  /** Milliseconds of processor time that the nodes took for a run. */
  readonly processor: number
  /** How many of the machine's processors were busy, with whatever. */
  readonly busy: number
  /** Runs that did not complete. */
  readonly failed: number
}

/** Nodes as `castellan up --role worker` starts them, on one PostgreSQL database; this process queues what they carry out. */
export interface Workers extends AsyncDisposable {
  /** Starts more until there are so many. */
  grow(nodes: number): Promise<void>
  /** Has so many runs become due at one moment, once the nodes have carried out a few of the same. */
  carryOut(load: Load, count: number): Promise<Batch>
  /** Has so many runs become due, each once the one before has ended. */
  oneByOne(load: Load, count: number): Promise<Batch>
}

export async function openWorkers(database: string, carried: readonly Load[]): Promise<Workers> {
  await using opening = new AsyncDisposableStack()
  const site = await settle(opening, carried, ['--database', database])
  const stores = opening.use(await openPostgres({ url: database }))
  const wishes = await wishesOf(stores, site)
  const nodes: Castellan[] = []
  opening.defer(async () => void (await Promise.all(nodes.map(node => node.stop()))))
  const over = async () => (await stores.runs.backlog()).length === 0
  const stack = opening.move()
  return {
    async grow(to) {
      const settings = [...site.settings, '--role', 'worker', '--public-url', 'http://127.0.0.1:1']
      const more = Array.from({ length: to - nodes.length }, () => startCastellan({ folder: site.folder, settings }))
      nodes.push(...(await Promise.all(more)))
    },
    async carryOut(load, count) {
      await queue(stores, wishes(load), WARMING * nodes.length, Date.now())
      await until(over, 20)
      const due = Date.now() + 300 + count * 3
      const queued = await queue(stores, wishes(load), count, due)
      await pause(Math.max(0, due - Date.now()))
      const taken = meter(nodes)
      await until(over, 50)
      return batchOf(stores, queued, due, taken())
    },
    async oneByOne(load, count) {
      const queued: Run[] = []
      const taken = meter(nodes)
      while (queued.length < count) {
        queued.push(...(await queue(stores, wishes(load), 1, Date.now())))
        await until(over, 5)
      }
      return batchOf(stores, queued, null, taken())
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** A node on the embedded store, which one process at a time may have: it is started once for each load, and finds it in the queue. */
export interface Embedded extends AsyncDisposable {
  carryOut(load: Load, count: number): Promise<Batch>
}

export async function openEmbedded(carried: readonly Load[]): Promise<Embedded> {
  await using opening = new AsyncDisposableStack()
  const site = await settle(opening, carried, [])
  const open = () => openSqlite({ folder: site.folder, clock: systemClock })
  const wishes = await (async () => {
    await using stores = await open()
    return await wishesOf(stores, site)
  })()
  const stack = opening.move()
  return {
    async carryOut(load, count) {
      const due = Date.now() + LONGEST_START
      const queued = await (async () => {
        await using stores = await open()
        await queue(stores, wishes(load), WARMING, Date.now())
        return await queue(stores, wishes(load), count, due)
      })()
      await using node = await startCastellan({ folder: site.folder, settings: site.settings })
      await pause(Math.max(0, due - Date.now()))
      const from = Math.max(due, Date.now())
      const taken = meter([node])
      for (const state of ['queued', 'running', 'waiting']) {
        const none = async () => (await node.ask<{ items: [] }>('GET', `/api/runs?limit=1&state=${state}`)).items.length === 0 // prettier-ignore
        await until(none, 200)
      }
      const cost = taken()
      await node.stop()
      await using stores = await open()
      return await batchOf(stores, queued, from, cost)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

interface Site {
  readonly folder: string
  /** Flags of each node. */
  readonly settings: readonly string[]
  /** A run of each load that was carried out. */
  readonly samples: ReadonlyMap<Load, string>
}

/** Has one control plane set everything up, and carry out each load once. */
async function settle(
  opening: AsyncDisposableStack,
  carried: readonly Load[],
  store: readonly string[],
): Promise<Site> {
  const folder = scratchFolder('castellan')
  const script = join(folder, 'script.json')
  writeFileSync(script, JSON.stringify({ lines: models.flatMap(linesOf) }))
  const providers = JSON.stringify({ acting: { kind: 'scripted', script } })
  const settings = [...store, '--models-providers', providers]
  const echo = opening.use(await startEcho('2026-07-28'))
  await using office = await startCastellan({ folder, settings })
  await register(office, 'echo', echo)
  for (const model of models)
    await office.ask('POST', '/api/agents', {
      name: model,
      llm_config: { provider: 'acting', model },
      available_mcps: ['echo'],
    })
  await office.ask('PUT', '/api/workflows/chain', { source: chain })
  const samples = new Map<Load, string>()
  for (const load of carried) {
    const { path, body } = loads[load]
    const { id } = await office.ask<{ id: string }>('POST', path, body)
    samples.set(load, id)
    await until(async () => {
      const { state, error } = await office.ask<{ state: string; error: unknown }>('GET', `/api/runs/${id}`)
      if (state === 'failed') throw new Error(`the first run of "${load}" failed: ${JSON.stringify(error)}`)
      return state === 'completed'
    }, 20)
  }
  return { folder, settings, samples }
}

/** A run that is wanted once more, for whoever wanted it before. */
interface Again {
  readonly wish: RunWish
  readonly identity: Identity
}

async function wishesOf(stores: Stores, { samples }: Site): Promise<(load: Load) => Again> {
  const runs = runsOn(stores)
  const wishes = new Map<Load, Again>()
  for (const [load, id] of samples) {
    const run = await runs.get(DEFAULT_TENANT, id)
    const { definition, input } = (await runs.lines(run))[0]!.payload as Pick<RunWish, 'definition' | 'input'>
    const { kind, name, subject, by, tenant } = run
    const principal = (await stores.identity.principal(by.principal))!
    wishes.set(load, {
      wish: { kind, name, ...(subject === null ? {} : { subject }), definition, input },
      identity: { principal, tenant, roles: by.roles, scopes: by.scopes, keyId: by.key, expiresAt: null },
    })
  }
  return load => wishes.get(load)!
}

/** Queues so many runs that are due then. */
async function queue(stores: Stores, { wish, identity }: Again, count: number, due: number): Promise<Run[]> {
  const runs = runsOn(stores)
  const queued: Run[] = []
  while (queued.length < count) {
    const one = () => {
      const actor = { tenant: identity.tenant, principal: identity.principal.id, correlationId: newId() }
      return runs.start({ ...wish, startIn: Math.max(0, due - Date.now()) }, identity, actor)
    }
    queued.push(...(await Promise.all(Array.from({ length: Math.min(20, count - queued.length) }, one))))
  }
  return queued
}

async function batchOf(
  stores: Stores,
  queued: readonly Run[],
  /** Milliseconds of the epoch; null when each was due as soon as it was queued. */
  due: number | null,
  { processor, busy }: Cost,
): Promise<Batch> {
  const runs = runsOn(stores)
  const seen = await Promise.all(queued.map(({ tenant, id }) => runs.get(tenant, id)))
  const at = (time: string | null) => (time === null ? Number.NaN : Date.parse(time))
  const since = (run: Run, time: string | null) => Math.max(0, at(time) - (due ?? at(run.queuedAt)))
  const seconds = (Math.max(...seen.map(run => at(run.endedAt))) - Math.min(...seen.map(run => at(run.startedAt)))) / 1_000 // prettier-ignore
  return {
    seconds,
    begun: seen.map(run => since(run, run.startedAt)),
    ended: seen.map(run => since(run, run.endedAt)),
    processor: processor / queued.length,
    busy,
    failed: seen.filter(({ state }) => state !== 'completed').length,
  }
}

interface Cost {
  /** Milliseconds of processor time of the nodes. */
  readonly processor: number
  /** How many of the machine's processors were busy. */
  readonly busy: number
}

/** Begins to count; what it gives says how much it was. */
function meter(nodes: readonly Castellan[]): () => Cost {
  const now = () => ({
    at: performance.now(),
    nodes: nodes.reduce((sum, { pid }) => sum + processorMilliseconds(pid), 0),
    all: cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0),
  })
  const before = now()
  return () => {
    const after = now()
    return { processor: after.nodes - before.nodes, busy: (after.all - before.all) / (after.at - before.at) }
  }
}

async function until(isSo: () => Promise<boolean>, milliseconds: number): Promise<void> {
  const deadline = performance.now() + PATIENCE
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('runs did not end in time')
    await pause(milliseconds)
  }
}

function runsOn(stores: Stores): Runs {
  const journal = new Journal(stores.journal, systemClock)
  return new Runs({ store: stores.runs, journal, engine: { hint: () => undefined }, deciders: {}, clock: systemClock })
}

/** How long each model takes for an answer, as it is called. */
const models = ['at-once', '20ms', '1s'] as const

function linesOf(model: (typeof models)[number]): readonly object[] {
  const delay = model === 'at-once' ? {} : { delay: model }
  return [
    { when: { model, turn: 1 }, ...delay, call: [{ tool: 'echo__echo', args: { text: 'ping' } }] },
    // Of a call that was refused it would not know what to say, and the run would fail.
    { when: { model, after_tool: 'echo__echo', contains: 'ping' }, ...delay, say: 'done' },
  ]
}

const chain = `
name: chain
nodes:
  - { id: first, type: tool, tool: echo__echo, args: { text: "=input.text" } }
  - { id: longer, type: transform, needs: [first], expression: "nodes.first.output.text & '!'" }
  - { id: second, type: tool, needs: [longer], tool: echo__echo, args: { text: "=nodes.longer.output" } }
output: "=nodes.second.output.text"
`

/** Runs of each node before those that count. */
const WARMING = 20
/** Milliseconds in which a node has started. One that takes longer begins later, and is measured from there. */
const LONGEST_START = 3_000
/** Milliseconds after which runs that do not end are given up. */
const PATIENCE = 120_000
