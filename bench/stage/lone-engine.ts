import { ajvValidator } from '../../apps/castellan/src/adapters/schema-ajv/index.ts'
import type { Stores } from '../../apps/castellan/src/adapters/store-sql/index.ts'
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
  type RunStore,
  type StepEnd,
  type Work,
} from '../../apps/castellan/src/runs/index.ts'

/** When something became of a run, in milliseconds of one clock; NaN for what did not. */
export interface Passage {
  /** It was in the queue. */
  due: number
  /** An engine held it. */
  claimed: number
  /** The first line that the engine wrote of it was in the store. */
  begun: number
  /** Its last line was. */
  ended: number
}

export interface Driven {
  readonly passages: readonly Passage[]
  /** From the first that was due to the last that ended. */
  readonly seconds: number
  /** Runs that did not complete, and bugs. */
  readonly failed: number
}

/** Lines of each run that {@link driveAlone} drives, with the one that queued it. */
export const LINES = 9

/**
 * Has one engine, in this process, drive so many runs of an agent: either each once the one before has ended, or all from a
 * queue they were in before it began. Their model and their tool answer at once and without a gate. Closes the stores.
 */
export async function driveAlone(
  stores: Stores,
  count: number,
  load: 'one at a time' | 'all at once',
): Promise<Driven> {
  const passages = new Map<string, Passage>()
  const allEnded = Promise.withResolvers<void>()
  let ended = Promise.withResolvers<void>()
  let left = count
  const store = watched(stores.runs, passages, () => {
    ended.resolve()
    if (--left === 0) allEnded.resolve()
  })
  const journal = new Journal(stores.journal, systemClock)
  const deciders = { agent: agentDecider(ajvValidator()) }
  const hands = { carry: async (_run: Run, work: Work) => play(work) }
  const bugs: unknown[] = []
  const engine = new Engine(newId(), { store, journal, deciders, hands, clock: systemClock }, engineByDefault, bug =>
    bugs.push(bug),
  )
  const runs = new Runs({ store, journal, engine, deciders, clock: systemClock })
  const wish = { kind: 'agent', name: 'worker', definition, input: { message: 'go', context: null } } as const
  const queued: Run[] = []
  const tooLate = AbortSignal.timeout(PATIENCE)
  tooLate.addEventListener('abort', () => (ended.resolve(), allEnded.resolve()))
  if (load === 'one at a time') {
    engine.start()
    while (queued.length < count && !tooLate.aborted) {
      ended = Promise.withResolvers<void>()
      queued.push(await runs.start(wish, identity, actor))
      await ended.promise
    }
  } else {
    while (queued.length < count) {
      const some = Math.min(50, count - queued.length)
      queued.push(...(await Promise.all(Array.from({ length: some }, () => runs.start(wish, identity, actor)))))
    }
    const now = performance.now()
    for (const passage of passages.values()) passage.due = now
    engine.start()
  }
  await allEnded.promise
  await engine.stop(AbortSignal.abort())
  const seen = await Promise.all(queued.map(run => runs.get(run.tenant, run.id)))
  await stores.close()
  const all = [...passages.values()]
  const from = Math.min(...all.map(({ due }) => due))
  return {
    passages: all,
    seconds: (Math.max(...all.map(passage => passage.ended)) - from) / 1_000,
    failed: seen.filter(({ state }) => state !== 'completed').length + bugs.length,
  }
}

/** A store that notes the passage of each run through it. */
function watched(store: RunStore, passages: Map<string, Passage>, onEnded: () => void): RunStore {
  const nothing = { due: Number.NaN, claimed: Number.NaN, begun: Number.NaN, ended: Number.NaN }
  return {
    ...store,
    async start(one) {
      const passage = { ...nothing }
      passages.set(one.run.id, passage)
      await store.start(one)
      if (Number.isNaN(passage.due)) passage.due = performance.now()
    },
    async claim(wish) {
      const held = await store.claim(wish)
      const now = performance.now()
      for (const { run } of held) {
        const passage = passages.get(run)!
        passage.claimed = now
        // An engine that was looking already may be faster than the answer to whoever queued it.
        if (Number.isNaN(passage.due)) passage.due = now
      }
      return held
    },
    async advance(held, turn) {
      await store.advance(held, turn)
      const passage = passages.get(held.run)!
      const now = performance.now()
      if (Number.isNaN(passage.begun)) passage.begun = now
      if (turn.run === null || !hasEnded(turn.run)) return
      passage.ended = now
      onEnded()
    },
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

/** Milliseconds after which runs that do not end are given up. */
const PATIENCE = 120_000
