import type { Role } from '../identity/index.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/index.ts'
import type { Decider, Decision, End } from './decider.ts'
import type { RunState, Tale, Told } from './run.ts'
import type { Ask, Awaited, Probing, Said, Step, StepEnd, Work } from './step.ts'
import { word } from './word.ts'

/** What is to be written next, and what begins with it. */
export interface Plan {
  readonly tales: readonly Tale[]
  /** When the run wants to be looked at again, in milliseconds of the epoch. */
  readonly until: number | null
  /** Steps that are runs inside of this one, and are to be stopped. */
  readonly stops: readonly string[]
}

/**
 * The course of a run: the fold of its lines, and what follows from it. Knows what all runs have in common — steps, people who
 * stop, pause and answer — and leaves it to the decider of the kind what they are about. Touches nothing.
 */
export class Course {
  readonly #decider: Decider<unknown>
  readonly #steps = new Map<string, Step>()
  /** Lines that only tell, by type and step. */
  readonly #told = new Set<string>()
  /** What the run was told before a step waited for it. */
  readonly #early: { readonly key: string; readonly data: JsonObject; readonly payload: JsonValue | undefined }[] = []
  #state: unknown
  #begun = false
  /** Milliseconds of the epoch. */
  #notBefore = 0
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
        const later = typeof data['not_before'] === 'string' ? Date.parse(data['not_before']) : null
        // Whoever queued it may have a clock that is ahead of ours.
        this.#notBefore = later ?? 0
        // The time it is given begins when it may.
        this.#state = this.#decider.evolve(this.#state, { is: 'began', at: later ?? at, definition, input })
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
      case 'child.requested':
      case 'compute.requested':
      case 'wait.requested':
        this.#ask(askOf(type, data, payload), at, word(data['run']))
        return
      case 'tool.parked':
        if (!step) return
        this.#steps.set(step.id, {
          ...step,
          at: { is: 'waits', approval: word(data['approval']), until: Date.parse(word(data['expires_at'])) },
        })
        return
      case 'tool.probed':
        if (step?.at.is !== 'unknown' || step.attempt !== data['attempt']) return
        this.#steps.set(step.id, { ...step, at: { is: 'unknown', probing: nextProbe(step.at.probing, data, at) } })
        return
      case 'tool.settled':
        if (step?.at.is === 'unknown') this.#settle(step, at, data, payload)
        return
      case 'tool.ended':
      case 'model.ended':
      case 'compute.ended':
      case 'child.ended': {
        if (!step || step.at.is === 'ended') return
        const outcome = word(data['outcome'])
        if (outcome === 'indeterminate' && step.ask.is === 'tool') {
          this.#steps.set(step.id, { ...step, at: { is: 'unknown', probing: probingOf(data, at) } })
          return
        }
        this.#finish(step, at, outcome, data, payload)
        return
      }
      case 'wait.ended':
        if (step?.at.is === 'awaits') this.#finish(step, at, word(data['outcome']), data, payload)
        return
      case 'wait.answered':
        if (step?.at.is === 'awaits') this.#hearAnswer(step, step.at.said, at, data)
        return
      case 'run.signalled':
        this.#hearNews(`signal:${word(data['name'])}`, at, data, payload)
        return
      case 'run.called':
        this.#hearNews(`call:${word(data['step'])}`, at, data, payload)
        return
      default:
        this.#told.add(`${type} ${word(data['step'])}`)
        return
    }
  }

  /** What follows at a time from what was heard; hearing it leads to what follows next, until nothing does. */
  plan(now: number): Plan {
    if (!this.#begun || this.#end !== null) return nothing
    const open = [...this.#steps.values()].filter(({ at }) => at.is !== 'ended')
    if (this.#stopped) return this.#windUp(open, now)
    // Whatever it is told before its time.
    if (!this.#started && now < this.#notBefore) return { ...nothing, until: this.#notBefore }
    if (!this.#started) return { ...nothing, tales: [{ type: 'run.started', data: {} }] }
    if (this.#paused) return nothing
    const due = dueWaits(open, now)
    if (due.length > 0) return { ...nothing, tales: due }
    return this.#follow(this.#decider.decide(this.#state, now), open, endTale, now)
  }

  #follow(decision: Decision, open: readonly Step[], endOf: (end: End) => Tale, now: number): Plan {
    const tells = this.#untold(decision)
    // Of what nobody knows the end of, nothing may follow before somebody has said it.
    if (decision.ends !== null && open.every(({ at }) => at.is === 'awaits'))
      return { ...nothing, tales: [...tells, endOf(decision.ends)] }
    const asks = decision.asks.filter(({ step }) => !this.#steps.has(step)).map(requestTale)
    const until = earliest(decision.until, open, now)
    return { tales: [...tells, ...asks], until, stops: decision.stops ?? [] }
  }

  #untold({ tells = [] }: Decision): readonly Tale[] {
    return tells
      .filter(({ type, step }) => !this.#told.has(`${type} ${step}`))
      .map(({ type, step, data, payload }) => ({
        type,
        data: { step, ...data },
        ...(payload === undefined ? {} : { payload }),
      }))
  }

  /** Steps to carry out at a time. */
  work(now: number): readonly Work[] {
    if (this.#end !== null) return []
    const found: Work[] = []
    for (const { id, ask, attempt, at } of this.#steps.values()) {
      // Of what is broken off it is only looked what became of it.
      const brokenOff = this.breaksOff(id)
      if (brokenOff && at.is !== 'open') continue
      if (at.is === 'unknown' && at.probing !== null && ask.is === 'tool' && !this.#paused) {
        const { step, tool, args, timeout } = ask
        const { call, times, notBefore } = at.probing
        if (notBefore <= now) found.push({ is: 'probe', step, tool, args, call, timeout, attempt, times })
      }
      if (at.is !== 'open' && at.is !== 'waits') continue
      if (ask.is === 'tool') {
        const { step, tool, args, timeout } = ask
        const approval = at.is === 'waits' ? at.approval : null
        found.push({ is: 'tool', step, tool, args, timeout, attempt, again: true, approval })
      } else if (ask.is === 'model' && (!this.#paused || brokenOff)) {
        const { step, timeout } = ask
        found.push({ is: 'model', step, timeout, again: true, request: this.#decider.request(this.#state, step) })
      } else if (ask.is === 'compute') {
        found.push({ is: 'compute', step: id, computation: this.#decider.compute!(this.#state, id) })
      }
    }
    return found
  }

  /** Whether a step that is under way is to be broken off. */
  breaksOff(step: string): boolean {
    return this.#stopped && this.#decider.keeps?.(step) !== true
  }

  /** Whether somebody stopped it: it ends once all that is still to be done has been. */
  get stopping(): boolean {
    return this.#stopped
  }

  get #stopped(): boolean {
    return this.#cancelledBy !== null || this.#abandoned !== null
  }

  /** How it stands, in the words of its kind; undefined when that has none. */
  get report(): JsonValue | undefined {
    return this.#begun ? this.#decider.report?.(this.#state) : undefined
  }

  /** Steps that wait for what others tell the run, or for a time. */
  get waits(): readonly OpenWait[] {
    return [...this.#steps.values()].flatMap(({ id, ask, at }) =>
      ask.is === 'wait' && at.is === 'awaits' ? [{ step: id, for: ask.for, until: ask.until, said: at.said }] : [],
    )
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
    const now = [...this.#steps.values()].map(({ at }) => (isProbed(at) ? 'open' : at.is))
    if (now.includes('unknown') && !now.includes('open')) return 'parked'
    if (this.#paused) return 'paused'
    if (now.includes('open')) return 'running'
    return now.some(is => is === 'waits' || is === 'elsewhere' || is === 'awaits') ? 'waiting' : 'running'
  }

  /** What a person or a probe says of a call whose end nobody saw. */
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

  #ask(ask: Step['ask'], at: number, run: string): void {
    const { step: id } = ask
    const is =
      ask.is === 'run'
        ? ({ is: 'elsewhere', run } as const)
        : ask.is === 'wait'
          ? ({ is: 'awaits', said: [] } as const)
          : open
    const step: Step = { id, ask, attempt: 1, at: is }
    this.#steps.set(id, step)
    this.#state = this.#decider.evolve(this.#state, { is: 'asked', at, step: id })
    const early = this.#early.findIndex(({ key }) => key === newsOf(step))
    if (early < 0) return
    const [news] = this.#early.splice(early, 1)
    this.#finish(step, at, 'ok', news!.data, news!.payload)
  }

  /** What others told the run goes to the first step that waits for it, or is kept for the next that will. */
  #hearNews(key: string, at: number, data: JsonObject, payload: JsonValue | undefined): void {
    const step = [...this.#steps.values()].find(each => each.at.is === 'awaits' && newsOf(each) === key)
    if (step) this.#finish(step, at, 'ok', data, payload)
    else this.#early.push({ key, data, payload })
  }

  /** A person's word to a question. Each has one. */
  #hearAnswer(step: Step, before: readonly Said[], at: number, data: JsonObject): void {
    if (step.ask.is !== 'wait' || step.ask.for.is !== 'answer') return
    const by = word(data['by'])
    if (before.some(each => each.by === by)) return
    const agrees = data['agrees'] === true
    const reason = data['reason'] === undefined ? null : word(data['reason'])
    const said = [...before, { by, agrees, reason, at }]
    if (!agrees || said.length >= step.ask.for.terms.quorum)
      this.#finish(step, at, agrees ? 'ok' : 'refused', data, { said } as unknown as JsonValue)
    else this.#steps.set(step.id, { ...step, at: { is: 'awaits', said } })
  }

  #finish(step: Step, at: number, outcome: string, data: JsonObject, payload: JsonValue | undefined): void {
    this.#steps.set(step.id, { ...step, at: { is: 'ended' } })
    this.#state = this.#decider.evolve(this.#state, { is: 'ended', at, step: step.id, outcome, data, payload })
  }

  /** Nothing new begins but what takes back what was done; it ends once all that is under way has. */
  #windUp(open: readonly Step[], now: number): Plan {
    const under = open.filter(({ id, at }) => this.breaksOff(id) && (at.is === 'open' || at.is === 'elsewhere'))
    if (under.length > 0) return nothing
    const kept = open.filter(({ id }) => !this.breaksOff(id))
    const decision = this.#decider.unwind?.(this.#state, now) ?? nothingLeft
    const endOf = ({ output }: End): Tale => {
      const carried = output === undefined ? {} : { payload: output }
      if (this.#abandoned !== null) return { type: 'run.failed', data: { why: this.#abandoned }, ...carried }
      return { type: 'run.cancelled', data: { by: this.#cancelledBy }, ...carried }
    }
    return this.#follow(decision, kept, endOf, now)
  }
}

/** A step that waits for what others tell the run, or for a time. */
export interface OpenWait {
  readonly step: string
  readonly for: Awaited
  /** Milliseconds of the epoch. */
  readonly until: number | null
  readonly said: readonly Said[]
}

/** The line that says how a step ended. */
export function taleOf(step: Step, end: Exclude<StepEnd, { is: 'dropped' }>): Tale {
  const name = step.ask.is === 'run' ? 'child' : step.ask.is
  if (end.is === 'probed') return probeTale(step, end)
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

function probeTale({ id, attempt }: Step, end: Extract<StepEnd, { is: 'probed' }>): Tale {
  const { happened, result, again, data } = end
  if (happened === null) return { type: 'tool.probed', data: { ...data, step: id, attempt, again } }
  const said = { ...data, step: id, as: happened ? 'happened' : 'retry', by: 'probe' }
  return { type: 'tool.settled', data: said, ...(happened ? { payload: { result } } : {}) }
}

const nothing: Plan = { tales: [], until: null, stops: [] }
const nothingLeft: Decision = { asks: [], until: null, ends: { is: 'failed', why: '', steps: [], output: undefined } }
const open = { is: 'open' } as const

/** Whether another tool is asked what became of a call; null when only a person can say it. */
function probingOf(data: JsonObject, at: number): Probing | null {
  const verify = data['verify']
  if (!isJsonObject(verify)) return null
  return { call: word(data['call']), times: 0, notBefore: at + Number(verify['after_ms'] ?? 0) }
}

function nextProbe(before: Probing | null, data: JsonObject, at: number): Probing | null {
  if (before === null || data['again'] !== true || before.times + 1 >= MOST_PROBES) return null
  return { ...before, times: before.times + 1, notBefore: at + FIRST_PAUSE * 4 ** before.times }
}

function isProbed(at: Step['at']): boolean {
  return at.is === 'unknown' && at.probing !== null
}

/** Times that a tool is asked what became of a call, when it cannot be reached. */
const MOST_PROBES = 3
/** Milliseconds. */
const FIRST_PAUSE = 1_000

/** The ends of waits whose time is up. */
function dueWaits(open: readonly Step[], now: number): readonly Tale[] {
  return open.flatMap(({ id, ask }) => {
    if (ask.is !== 'wait' || ask.until === null || ask.until > now) return []
    return [{ type: 'wait.ended', data: { step: id, outcome: ask.for.is === 'time' ? 'ok' : 'timeout' } }]
  })
}

/** By what name a step waits for what others tell the run; null when it waits for nothing of the kind. */
function newsOf({ id, ask }: Step): string | null {
  if (ask.is !== 'wait') return null
  if (ask.for.is === 'signal') return `signal:${ask.for.name}`
  return ask.for.is === 'call' ? `call:${id}` : null
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
    case 'compute':
      return { type: 'compute.requested', data: { step: ask.step } }
    case 'wait':
      return waitTale(ask)
    default:
      throw ask satisfies never
  }
}

function waitTale({ step, for: what, until }: Extract<Ask, { is: 'wait' }>): Tale {
  const data = { step, for: what.is, ...(until === null ? {} : { until: new Date(until).toISOString() }) }
  if (what.is === 'signal') return { type: 'wait.requested', data: { ...data, name: what.name } }
  if (what.is !== 'answer') return { type: 'wait.requested', data }
  const { roles, quorum, fourEyes } = what.terms
  const terms = { roles, quorum, four_eyes: fourEyes }
  return { type: 'wait.requested', data: { ...data, ...terms }, payload: { question: what.question } }
}

/** What was asked for, as its line has it. */
function askOf(type: string, data: JsonObject, payload: JsonValue | undefined): Step['ask'] {
  const step = word(data['step'])
  const timeout = Number(data['timeout_ms'])
  switch (type) {
    case 'tool.requested':
      return { is: 'tool', step, tool: word(data['tool']), args: isJsonObject(payload) ? payload : {}, timeout }
    case 'model.requested':
      return { is: 'model', step, model: word(data['model']), timeout }
    case 'compute.requested':
      return { is: 'compute', step }
    case 'wait.requested': {
      const until = data['until'] === undefined ? null : Date.parse(word(data['until']))
      return { is: 'wait', step, for: awaitedOf(data, payload), until }
    }
    default:
      return { is: 'run', step }
  }
}

function awaitedOf(data: JsonObject, payload: JsonValue | undefined): Awaited {
  switch (data['for']) {
    case 'signal':
      return { is: 'signal', name: word(data['name']) }
    case 'call':
      return { is: 'call' }
    case 'answer': {
      const roles = Array.isArray(data['roles']) ? (data['roles'] as Role[]) : []
      const terms = { roles, quorum: Number(data['quorum']), fourEyes: data['four_eyes'] === true }
      return { is: 'answer', question: isJsonObject(payload) ? word(payload['question']) : '', terms }
    }
    default:
      return { is: 'time' }
  }
}

function endTale(end: End): Tale {
  if (end.is === 'completed') return { type: 'run.completed', data: {}, payload: end.output }
  const { why, steps, output } = end
  const data = { why, ...(steps.length === 0 ? {} : { steps }) }
  return { type: 'run.failed', data, ...(output === undefined ? {} : { payload: output }) }
}

/** Nobody is told of the moment at which an approval expires. */
function earliest(until: number | null, open: readonly Step[], now: number): number | null {
  const times = open.flatMap(({ ask, at }) => {
    if (at.is === 'waits') return [at.until]
    // One that is asked now says when it has answered.
    if (at.is === 'unknown') return at.probing !== null && at.probing.notBefore > now ? [at.probing.notBefore] : []
    return ask.is === 'wait' && ask.until !== null ? [ask.until] : []
  })
  if (until !== null) times.push(until)
  return times.length === 0 ? null : Math.min(...times)
}
