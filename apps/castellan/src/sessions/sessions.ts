import type { SessionStep } from '@castellan/contracts'
import type { Answer, CallIo, Gate, Rules, SessionBook, SessionTerms } from '../gate/index.ts'
import { actions, type Guardrails, type GuardrailWish, type Stage, tightened } from '../guardrails/index.ts'
import type { Actor, Identity } from '../identity/index.ts'
import type { Entry, Journal } from '../journal/index.ts'
import {
  type Clock,
  digestJson,
  fault,
  isJsonObject,
  isoTime,
  type JsonObject,
  type JsonValue,
  newId,
  notFound,
  Recent,
} from '../kernel/index.ts'
import { fingerprint } from './fingerprint.ts'
import { type Channel, type Noted, nothingYet, type Session, type Step, type StepRole, withStep } from './session.ts'
import type { SessionStore } from './session-store.ts'
import { beginning, decisionOf, errorOf, outputOf } from './tell.ts'
import { wireStep } from './wire-session.ts'

export interface SessionParts {
  readonly store: SessionStore
  readonly journal: Journal
  readonly rules: Rules
  readonly guardrails: () => Promise<Guardrails>
  /** What a step of a model costs in millionths; null when nobody knows. */
  readonly costOf: (tenant: string, model: string, tokensIn: number, tokensOut: number) => number | null
  /** Keeps texts from being guessed by the fingerprints of what was found in them. */
  readonly key: Uint8Array
  readonly clock: Clock
}

export interface SessionWish extends Pick<Session, 'name' | 'model' | 'limits' | 'guardrails'> {
  /** Texts that the model gets whatever is asked, such as its system prompt. */
  readonly preflight: readonly string[]
}

export interface StepWish {
  readonly role: StepRole
  readonly text: string | null
  readonly tool: string | null
  readonly args: JsonObject | undefined
  /** Null when the caller does not know. */
  readonly tokensIn: number | null
  readonly tokensOut: number | null
}

/** Sessions that are opened here: their limits in memory, where the gate asks for them, and their account in store and journal. */
export class Sessions implements SessionBook {
  readonly #parts: SessionParts
  readonly #open = new Map<string, Open>()
  /** What was closed lately, and must not pass for an id of somebody's own. */
  readonly #closed = new Recent<string, true>(10_000)

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  async load(): Promise<void> {
    for (const session of await this.#parts.store.open()) {
      const key = keyOf(session)
      // Those that are known here have steps under way, perhaps.
      if (!this.#open.get(key)) this.#open.set(key, new Open(session))
    }
  }

  terms(tenant: string, id: string): SessionTerms | 'closed' | null {
    const key = keyOf({ tenant, id })
    return this.#open.get(key) ?? (this.#closed.get(key) ? 'closed' : null)
  }

  /** Throws `SESSION_LIMIT`, `STORE_UNAVAILABLE`. */
  async open(wish: SessionWish, identity: Identity, actor: Actor): Promise<Session> {
    const { journal, clock } = this.#parts
    const { id: principal, name } = identity.principal
    const mine = this.#open.values().filter(each => each.of(actor.tenant, principal))
    if (mine.toArray().length >= MOST_OPEN) throw fault('SESSION_LIMIT', { limit: MOST_OPEN })
    const { preflight: texts, ...wanted } = wish
    const detectors = await this.#parts.guardrails()
    const rulesHash = detectors.digest(this.#wishFor(actor.tenant, wish.guardrails))
    const opened: Session = {
      ...wanted,
      id: newId(),
      tenant: actor.tenant,
      principal: { id: principal, name },
      configHash: digestJson({
        guardrails: wish.guardrails,
        limits: wish.limits,
        model: wish.model,
      }),
      rulesHash,
      preflight: { verdict: 'allow', signals: [] },
      state: 'open',
      openedAt: isoTime(clock.now()),
      closedAt: null,
      totals: nothingYet,
      version: 1,
    }
    const scans = await Promise.all(texts.map(text => this.#scan(opened, text, 'model_input')))
    const verdict = actions.findLast(action => scans.some(each => each.verdict === action)) ?? 'allow'
    const session: Session = { ...opened, preflight: { verdict, signals: scans.flatMap(each => each.signals) } }
    const entry = journal.seal({
      tenant: session.tenant,
      stream: `session:${session.id}`,
      seq: 0,
      type: 'session.opened',
      principal,
      correlationId: actor.correlationId,
      data: {
        config: session.configHash,
        model: session.model,
        name: session.name,
        preflight: { signals: session.preflight.signals.length, verdict },
        rules: rulesHash,
      },
    })
    await this.#parts.store.save(session, [entry])
    this.#open.set(keyOf(session), new Open(session))
    return session
  }

  /** Throws `NOT_FOUND`, also for one of another principal unless `all` may be seen. */
  async get(tenant: string, id: string, principal: string | null): Promise<Session> {
    const session = this.#open.get(keyOf({ tenant, id }))?.session ?? (await this.#parts.store.session(tenant, id))
    if (!session || (principal !== null && session.principal.id !== principal)) throw notFound('session', id)
    return session
  }

  list(tenant: string, principal: string | null, before: string | null, limit: number): Promise<Session[]> {
    return this.#parts.store.sessions(tenant, principal, before, limit)
  }

  /** Runs one step, after those that are under way. Throws `NOT_FOUND`, `SESSION_CLOSED`, and what the gate throws. */
  async step(id: string, wish: StepWish, caller: Caller): Promise<Step> {
    const { identity } = caller
    const session = await this.get(identity.tenant, id, identity.principal.id)
    const open = this.#open.get(keyOf(session))
    if (!open) throw fault('SESSION_CLOSED')
    return open.inTurn(() => this.#step(open, wish, caller))
  }

  /** Throws `NOT_FOUND`; closing what is closed does nothing. */
  async close(id: string, identity: Identity, actor: Actor): Promise<Session> {
    const session = await this.get(actor.tenant, id, identity.principal.id)
    const open = this.#open.get(keyOf(session))
    if (!open) return session
    return open.inTurn(async () => {
      const before = open.session
      if (before.state === 'closed') return before
      const closed: Session = {
        ...before,
        state: 'closed',
        closedAt: isoTime(this.#parts.clock.now()),
        version: before.version + 1,
      }
      const { steps, decisions, cost } = closed.totals
      await this.#save(open, closed, 'session.closed', actor, { cost, decisions: { ...decisions }, steps })
      this.#closed.set(keyOf(closed), true)
      this.#open.delete(keyOf(closed))
      return closed
    })
  }

  /** The steps of a session as they are kept, after the one with this number. */
  async steps({ tenant, id }: Session, after: number, limit: number): Promise<SessionStep[]> {
    // Its opening is the first line of its stream, so that the place of a step is its number.
    const entries = await this.#parts.journal.store.readStream(tenant, `session:${id}`, after, limit)
    return entries.filter(({ type }) => type === 'session.step').map(({ data }) => data as unknown as SessionStep)
  }

  async #step(open: Open, wish: StepWish, caller: Caller): Promise<Step> {
    if (open.session.state === 'closed') throw fault('SESSION_CLOSED')
    const { clock } = this.#parts
    const { session } = open
    const started = clock.monotonic()
    const id = newId()
    const told = wish.tool === null ? await this.#say(open, wish) : await this.#use(open, id, wish, caller)
    const { model } = session
    const guessed = wish.tokensIn === null && wish.tokensOut === null
    const tokensIn = wish.tokensIn ?? (guessed && wish.role !== 'assistant' ? tokensOf(wish.text) : 0)
    const tokensOut = wish.tokensOut ?? (guessed && wish.role === 'assistant' ? tokensOf(wish.text) : 0)
    const known = new Set(session.preflight.signals.map(each => each.fingerprint))
    const step: Step = {
      ...told,
      id,
      number: session.totals.steps + 1,
      role: wish.role,
      channel: channelOf(wish),
      tool: wish.tool,
      latency: Math.round((clock.monotonic() - started) * 1_000) / 1_000,
      tokensIn,
      tokensOut,
      tokensGuessed: guessed,
      cost: model === null ? null : this.#parts.costOf(session.tenant, model, tokensIn, tokensOut),
      reused: told.signals.flatMap(({ fingerprint: print }) => (print !== null && known.has(print) ? [print] : [])),
      at: isoTime(clock.now()),
    }
    const next = { ...session, totals: withStep(session.totals, step), version: session.version + 1 }
    await this.#save(open, next, 'session.step', caller.actor, await this.#kept(step))
    return step
  }

  /** Something is said, and nothing called. */
  async #say(open: Open, { role, text }: StepWish): Promise<Told> {
    const none = { callId: null, error: null }
    if (!open.take()) return { ...none, decision: 'denied_limit', output: null, signals: [] }
    if (text === null) return { ...none, decision: 'ok', output: null, signals: [] }
    const stage: Stage = role === 'assistant' ? 'model_output' : role === 'tool' ? 'result' : 'model_input'
    const { verdict, signals, redacted } = await this.#scan(open.session, text, stage)
    return verdict === 'block'
      ? { ...none, decision: 'denied_guardrail', output: null, signals }
      : { ...none, decision: 'ok', output: verdict === 'redact' ? redacted : text, signals }
  }

  async #use(
    { session }: Open,
    stepId: string,
    { tool, args }: StepWish,
    { identity, actor, gate, io, patience }: Caller,
  ): Promise<Told> {
    const answer: Answer = await gate.pass({
      identity,
      view: { is: 'all' },
      use: 'tool',
      as: 'tool',
      name: tool!,
      args,
      context: {
        correlationId: actor.correlationId,
        causationId: stepId,
        sessionId: session.id,
        idempotencyKey: null,
        dryRun: false,
        via: 'rest',
        meta: null,
      },
      patience,
      io,
    })
    return {
      callId: answer.callId,
      decision: decisionOf(answer),
      output: outputOf(answer),
      error: errorOf(answer),
      signals: 'noted' in answer ? (answer.noted ?? []).flatMap(notedIn) : [],
    }
  }

  /** A step as it is journaled: of its texts the beginning, without what guardrails take out, whatever was done about it. */
  async #kept(step: Step): Promise<JsonObject> {
    const detectors = await this.#parts.guardrails()
    const shown = async (text: string | null) =>
      beginning(text && (await detectors.scan(text, 'result', {}, { alone: true })).redacted)
    return wireStep({ ...step, output: await shown(step.output), error: await shown(step.error) })
  }

  async #scan(session: Session, text: string, stage: Stage) {
    const detectors = await this.#parts.guardrails()
    const { verdict, signals, redacted } = await detectors.scan(
      text,
      stage,
      this.#wishFor(session.tenant, session.guardrails),
    )
    const providers = new Map(detectors.providers.map(each => [each.metric, each]))
    const { model, rulesHash } = session
    const noted = signals.map(({ metric, category, confidence, action, ...signal }): Noted => {
      const provider = signal.provider ?? providers.get(metric) ?? { name: metric, version: '' }
      const print = fingerprint({ provider, metric, category, stage, model, rulesHash, text }, this.#parts.key)
      return { metric, category, confidence, action, fingerprint: print }
    })
    return { verdict, signals: noted, redacted }
  }

  #wishFor(tenant: string, more: Session['guardrails']): GuardrailWish {
    return tightened(this.#parts.rules.guardrailWish(tenant), more)
  }

  async #save(open: Open, session: Session, type: string, actor: Actor, data: JsonObject): Promise<void> {
    const entry: Entry = this.#parts.journal.seal({
      tenant: session.tenant,
      stream: `session:${session.id}`,
      seq: session.version - 1,
      type,
      principal: actor.principal,
      correlationId: actor.correlationId,
      data,
    })
    await this.#parts.store.save(session, [entry])
    open.session = session
  }
}

/** Who takes a step, and by which gate. */
export interface Caller {
  readonly identity: Identity
  readonly actor: Actor
  readonly gate: Pick<Gate, 'pass'>
  readonly io: CallIo
  readonly patience: number
}

type Told = Pick<Step, 'callId' | 'decision' | 'output' | 'error' | 'signals'>

/** A session that is open, and the turns of its steps. */
class Open implements SessionTerms {
  session: Session
  #used: number
  #last: Promise<unknown> = Promise.resolve()

  constructor(session: Session) {
    this.session = session
    this.#used = session.totals.steps
  }

  get principal() {
    return this.session.principal.id
  }

  get limits() {
    return this.session.limits
  }

  get guardrails() {
    return this.session.guardrails
  }

  of(tenant: string, principal: string): boolean {
    return this.session.tenant === tenant && this.principal === principal
  }

  take(): boolean {
    const { maxSteps } = this.limits
    if (maxSteps !== null && this.#used >= maxSteps) return false
    this.#used++
    return true
  }

  /** Steps are numbered, so one ends before the next begins. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => undefined)
    return mine
  }
}

/** Sessions of one principal. */
const MOST_OPEN = 1_000

function keyOf({ tenant, id }: Pick<Session, 'tenant' | 'id'>): string {
  return `${tenant} ${id}`
}

function channelOf({ role, tool }: StepWish): Channel {
  if (tool !== null) return 'llm_to_tool'
  if (role === 'tool') return 'tool_to_llm'
  return role === 'assistant' ? 'llm_to_user' : 'user_to_llm'
}

/** About as many as models count. */
function tokensOf(text: string | null): number {
  return text === null ? 0 : Math.ceil(text.length / 4)
}

function notedIn(noted: JsonValue): Noted[] {
  if (!isJsonObject(noted) || !Array.isArray(noted['signals'])) return []
  return (noted['signals'] as unknown as readonly Omit<Noted, 'fingerprint'>[]).map(
    ({ metric, category, confidence, action }) => ({ metric, category, confidence, action, fingerprint: null }),
  )
}
