import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/index.ts'
import type { Decider, Decision, End } from './decider.ts'
import type { RunState, Tale, Told } from './run.ts'
import type { Ask, Step, StepEnd, Work } from './step.ts'
import { word } from './word.ts'

/** What is to be written next, and what begins with it. */
export interface Plan {
  readonly tales: readonly Tale[]
  /** When the run wants to be looked at again, in milliseconds of the epoch. */
  readonly until: number | null
}

/**
 * The course of a run: the fold of its lines, and what follows from it. Knows what all runs have in common — steps, people who
 * stop, pause and answer — and leaves it to the decider of the kind what they are about. Touches nothing.
 */
export class Course {
  readonly #decider: Decider<unknown>
  readonly #steps = new Map<string, Step>()
  #state: unknown
  #begun = false
  #started = false
  #paused = false
  #cancelledBy: string | null = null
  #abandoned: string | null = null
  #end: RunState | null = null
  #why: string | null = null

  constructor(decider: Decider<unknown>) {
    this.#decider = decider
    this.#state = decider.begin()
  }

  /** The run as its lines tell it, one after the other. */
  hear({ type, at, data, payload }: Told): void {
    const step = typeof data['step'] === 'string' ? this.#steps.get(data['step']) : undefined
    switch (type) {
      case 'run.queued':
      case 'run.forked': {
        const { definition = null, input = null } = isJsonObject(payload) ? payload : {}
        this.#state = this.#decider.evolve(this.#state, { is: 'began', at, definition, input })
        this.#begun = true
        return
      }
      case 'run.started':
        this.#started = true
        return
      case 'run.paused':
        this.#paused = true
        return
      case 'run.resumed':
        this.#paused = false
        return
      case 'run.cancel_requested':
        this.#cancelledBy = word(data['by'])
        return
      case 'run.completed':
      case 'run.failed':
      case 'run.cancelled':
        this.#end = type.slice('run.'.length) as RunState
        this.#why = data['why'] === undefined ? null : word(data['why'])
        return
      case 'tool.requested':
      case 'model.requested':
      case 'child.requested': {
        const ask = askOf(data, payload)
        const is = ask.is === 'run' ? ({ is: 'elsewhere', run: word(data['run']) } as const) : open
        this.#steps.set(ask.step, { id: ask.step, ask, attempt: 1, at: is })
        return
      }
      case 'tool.parked':
        if (!step) return
        this.#steps.set(step.id, {
          ...step,
          at: { is: 'waits', approval: word(data['approval']), until: Date.parse(word(data['expires_at'])) },
        })
        return
      case 'tool.settled':
        if (step?.at.is === 'unknown') this.#settle(step, at, data, payload)
        return
      case 'tool.ended':
      case 'model.ended':
      case 'child.ended': {
        if (!step || step.at.is === 'ended') return
        const outcome = word(data['outcome'])
        if (outcome === 'indeterminate' && step.ask.is === 'tool') {
          this.#steps.set(step.id, { ...step, at: { is: 'unknown' } })
          return
        }
        this.#finish(step, at, outcome, data, payload)
        return
      }
      default:
        // Lines that only tell.
        return
    }
  }

  /** What follows at a time from what was heard; hearing it leads to what follows next, until nothing does. */
  plan(now: number): Plan {
    if (!this.#begun || this.#end !== null) return nothing
    const open = [...this.#steps.values()].filter(({ at }) => at.is !== 'ended')
    if (this.#cancelledBy !== null || this.#abandoned !== null) return this.#windUp(open)
    if (!this.#started) return { tales: [{ type: 'run.started', data: {} }], until: null }
    if (this.#paused) return nothing
    const decision = this.#decider.decide(this.#state, now)
    // Of what nobody knows the end of, nothing may follow before a person has said it.
    if (decision.ends !== null && open.length === 0) return { tales: [endTale(decision.ends)], until: null }
    return { tales: talesOf(decision, this.#steps), until: earliest(decision.until, open) }
  }

  /** Steps to carry out now. */
  get work(): readonly Work[] {
    if (this.#end !== null || this.#cancelledBy !== null || this.#abandoned !== null) return []
    const found: Work[] = []
    for (const { ask, attempt, at } of this.#steps.values()) {
      if (at.is !== 'open' && at.is !== 'waits') continue
      if (ask.is === 'tool') {
        const { step, tool, args, timeout } = ask
        const approval = at.is === 'waits' ? at.approval : null
        found.push({ is: 'tool', step, tool, args, timeout, attempt, again: true, approval })
      } else if (ask.is === 'model' && !this.#paused) {
        const { step, timeout } = ask
        found.push({ is: 'model', step, timeout, again: true, request: this.#decider.request(this.#state, step) })
      }
    }
    return found
  }

  /** Whether what is under way is to be broken off. */
  get stopping(): boolean {
    return this.#cancelledBy !== null || this.#abandoned !== null
  }

  get paused(): boolean {
    return this.#paused
  }

  get ended(): boolean {
    return this.#end !== null
  }

  /** Why it failed; null when it did not. */
  get why(): string | null {
    return this.#why
  }

  step(id: string): Step | undefined {
    return this.#steps.get(id)
  }

  /** Runs inside of this one that have not ended. */
  get children(): readonly { readonly step: string; readonly run: string }[] {
    return [...this.#steps.values()].flatMap(({ id, at }) => (at.is === 'elsewhere' ? [{ step: id, run: at.run }] : []))
  }

  /** What it waits for, by name. */
  get awaits(): readonly string[] {
    return [...this.#steps.values()].flatMap(({ at }) => (at.is === 'waits' ? [`approval:${at.approval}`] : []))
  }

  /** How it stands, for whoever looks at the run. */
  get state(): RunState {
    if (this.#end !== null) return this.#end
    if (!this.#started) return 'queued'
    const now = [...this.#steps.values()].map(({ at }) => at.is)
    if (now.includes('unknown') && !now.includes('open')) return 'parked'
    if (this.#paused) return 'paused'
    if (now.includes('open')) return 'running'
    return now.some(is => is === 'waits' || is === 'elsewhere') ? 'waiting' : 'running'
  }

  /** A person's word on a call whose end nobody saw. */
  #settle(step: Step, at: number, data: JsonObject, payload: JsonValue | undefined): void {
    switch (data['as']) {
      case 'happened':
        this.#finish(step, at, 'ok', { ...data, outcome: 'ok' }, payload)
        return
      case 'retry':
        this.#steps.set(step.id, { ...step, attempt: step.attempt + 1, at: open })
        return
      case 'unknown':
        this.#finish(step, at, 'indeterminate', { ...data, outcome: 'indeterminate' }, payload)
        return
      default:
        this.#finish(step, at, 'indeterminate', { ...data, outcome: 'indeterminate' }, payload)
        this.#abandoned = `a person gave it up at the step ${step.id}`
    }
  }

  #finish(step: Step, at: number, outcome: string, data: JsonObject, payload: JsonValue | undefined): void {
    this.#steps.set(step.id, { ...step, at: { is: 'ended' } })
    this.#state = this.#decider.evolve(this.#state, { is: 'ended', at, step: step.id, outcome, data, payload })
  }

  /** Nothing new begins; it ends once all that is under way has. */
  #windUp(open: readonly Step[]): Plan {
    const under = open.filter(({ at }) => at.is === 'open' || at.is === 'elsewhere')
    if (under.length > 0) return nothing
    if (this.#abandoned !== null)
      return { tales: [{ type: 'run.failed', data: { why: this.#abandoned } }], until: null }
    return { tales: [{ type: 'run.cancelled', data: { by: this.#cancelledBy } }], until: null }
  }
}

/** The line that says how a step ended. */
export function taleOf(step: Step, end: Exclude<StepEnd, { is: 'dropped' }>): Tale {
  const name = step.ask.is === 'run' ? 'child' : step.ask.is
  if (end.is === 'waits') {
    const expires = new Date(end.until).toISOString()
    return { type: `${name}.parked`, data: { step: step.id, approval: end.approval, expires_at: expires } }
  }
  return {
    type: `${name}.ended`,
    data: { ...end.data, step: step.id, attempt: step.attempt, outcome: end.outcome },
    ...(end.payload === undefined ? {} : { payload: end.payload }),
  }
}

const nothing: Plan = { tales: [], until: null }
const open = { is: 'open' } as const

function talesOf({ asks, tells = [] }: Decision, steps: ReadonlyMap<string, Step>): readonly Tale[] {
  return [...tells, ...asks.filter(({ step }) => !steps.has(step)).map(requestTale)]
}

function requestTale(ask: Ask): Tale {
  switch (ask.is) {
    case 'tool':
      return {
        type: 'tool.requested',
        data: { step: ask.step, tool: ask.tool, timeout_ms: ask.timeout },
        payload: ask.args,
      }
    case 'model':
      return { type: 'model.requested', data: { step: ask.step, model: ask.model, timeout_ms: ask.timeout } }
    case 'run':
      return {
        type: 'child.requested',
        data: { step: ask.step, kind: ask.wish.kind, name: ask.wish.name },
        payload: ask.wish as unknown as JsonValue,
      }
    default:
      throw ask satisfies never
  }
}

/** What was asked for, as its line has it. */
function askOf(data: JsonObject, payload: JsonValue | undefined): Step['ask'] {
  const step = word(data['step'])
  if (data['tool'] !== undefined) {
    const args = isJsonObject(payload) ? payload : {}
    return { is: 'tool', step, tool: word(data['tool']), args, timeout: Number(data['timeout_ms']) }
  }
  if (data['model'] !== undefined)
    return { is: 'model', step, model: word(data['model']), timeout: Number(data['timeout_ms']) }
  return { is: 'run', step }
}

function endTale(end: End): Tale {
  return end.is === 'completed'
    ? { type: 'run.completed', data: {}, payload: end.output }
    : { type: 'run.failed', data: { why: end.why }, payload: end.output }
}

/** Nobody is told of the moment at which an approval expires. */
function earliest(until: number | null, open: readonly Step[]): number | null {
  const times = open.flatMap(({ at }) => (at.is === 'waits' ? [at.until] : []))
  if (until !== null) times.push(until)
  return times.length === 0 ? null : Math.min(...times)
}
