import type { Actor, Identity } from '../identity/index.ts'
import { follow, type Journal } from '../journal/index.ts'
import { type Clock, fault, isFault, type JsonObject, type JsonValue, notFound } from '../kernel/index.ts'
import { Course } from './course.ts'
import type { OpenWait } from './course.ts'
import type { Deciders } from './deciders.ts'
import type { Engine } from './engine.ts'
import { hasEnded, type Run, type RunKind, type Tale, type Told } from './run.ts'
import type { NewRun, RunFilter, RunStore } from './run-store.ts'
import { forkedLines } from './fork.ts'
import { newRun, tell, told } from './telling.ts'
import { word } from './word.ts'

/** What somebody wants executed. */
export interface RunWish {
  readonly kind: RunKind
  readonly name: string
  /** Id of what is executed. */
  readonly subject?: string
  readonly definition: JsonValue
  readonly input: JsonValue
  /** The run in which this one was asked for: it belongs to the same whole, one deeper, and ends by itself. */
  readonly within?: Pick<Run, 'root' | 'depth'>
  readonly priority?: number
  /** The client's conversation. */
  readonly session?: string
  /** Milliseconds from now. */
  readonly startIn?: number
}

/** What a person says of a call whose end nobody saw. */
export type Settlement =
  /** It took effect, and this is its result, as far as anybody knows. */
  | { readonly as: 'happened'; readonly result: JsonObject | null }
  /** It did not: it is made again. */
  | { readonly as: 'retry' }
  /** Nobody can say; the run goes on and is told so. */
  | { readonly as: 'unknown' }
  /** The run is given up. */
  | { readonly as: 'abort' }

export interface RunsParts {
  readonly store: RunStore
  readonly journal: Journal
  readonly engine: Pick<Engine, 'hint'>
  readonly deciders: Partial<Deciders>
  readonly clock: Clock
}

/** Begins runs, tells them what people want of them, and shows how they stand. */
export class Runs {
  readonly #parts: RunsParts

  constructor(parts: RunsParts) {
    this.#parts = parts
  }

  /** Queues a run on behalf of whoever asks, who can do no more through it than without it. Throws `STORE_UNAVAILABLE`. */
  async start(wish: RunWish, identity: Identity, actor: Actor): Promise<Run> {
    const { store, engine } = this.#parts
    const wanted = this.prepare(wish, identity, actor)
    await store.start(wanted)
    engine.hint()
    return wanted.run
  }

  /** A run as {@link start} would queue it, for whoever has more to write in the same transaction. */
  prepare(wish: RunWish, identity: Identity, actor: Actor): NewRun {
    const { journal, clock } = this.#parts
    const { kind, name, subject = null, definition, input, priority = 0, session = null, within, startIn = 0 } = wish
    const by = { principal: identity.principal.id, scopes: identity.scopes, key: identity.keyId, roles: identity.roles }
    const said = {
      tenant: identity.tenant,
      kind,
      name,
      subject,
      by,
      session,
      priority,
      parent: null,
      root: within?.root ?? null,
      depth: within === undefined ? 0 : within.depth + 1,
    }
    return newRun({ ...said, correlationId: actor.correlationId }, { definition, input }, startIn, journal, clock)
  }

  /**
   * Begins a run as another did, up to a line of it, perhaps told something else than that. What the other did is known and not done
   * again. Throws `REQUEST_INVALID`.
   */
  async fork(
    run: Run,
    at: number,
    inputOf: (before: JsonValue) => JsonValue,
    identity: Identity,
    actor: Actor,
  ): Promise<Run> {
    const { store, journal, engine, clock } = this.#parts
    const lines = await this.#lines(run)
    const { definition = null, input = null } = lines[0]!.payload as { definition?: JsonValue; input?: JsonValue }
    const { tenant, kind, name, subject, priority, session } = run
    const by = { principal: identity.principal.id, scopes: identity.scopes, key: identity.keyId, roles: identity.roles }
    const wanted = newRun(
      {
        tenant,
        kind,
        name,
        subject,
        priority,
        session,
        by,
        parent: null,
        root: null,
        depth: 0,
        correlationId: actor.correlationId,
      },
      { definition, input: inputOf(input) },
      0,
      journal,
      clock,
      { from: run.id, at, lines: forkedLines(lines, at) },
    )
    await store.start(wanted)
    engine.hint()
    return wanted.run
  }

  /** Throws `NOT_FOUND`; with an owner also for the runs of others. */
  async get(tenant: string, id: string, owner: string | null = null): Promise<Run> {
    const run = await this.#parts.store.run(tenant, id)
    if (!run || (owner !== null && run.by.principal !== owner)) throw notFound('run', id)
    return run
  }

  list(tenant: string, filter: RunFilter, before: string | null, limit: number): Promise<Run[]> {
    return this.#parts.store.runs(tenant, filter, before, limit)
  }

  /** Its lines from a number on, with what they carry, without the secrets that are known. */
  async lines(run: Pick<Run, 'tenant' | 'id'>, from = 0): Promise<readonly Told[]> {
    const { journal } = this.#parts
    return (await this.#lines(run, from)).map(line =>
      line.payload === undefined ? line : { ...line, payload: journal.conceal(line.payload) },
    )
  }

  /** Asks a run to stop: what is under way is broken off, and nothing else begins. Throws `RUN_ENDED`. */
  cancel(run: Run, actor: Actor): Promise<void> {
    return this.#tell(run, { type: 'run.cancel_requested', data: { by: actor.principal } }, actor)
  }

  /** What is under way may end; nothing else begins until it is resumed. Throws `RUN_ENDED`. */
  pause(run: Run, actor: Actor): Promise<void> {
    return this.#tell(run, { type: 'run.paused', data: { by: actor.principal } }, actor)
  }

  resume(run: Run, actor: Actor): Promise<void> {
    return this.#tell(run, { type: 'run.resumed', data: { by: actor.principal } }, actor)
  }

  /** Says what became of a call whose end nobody saw. Throws `RUN_ENDED`, and `REQUEST_INVALID` when it is not in doubt. */
  async settle(run: Run, step: string, settlement: Settlement, actor: Actor): Promise<void> {
    const doubtful = inDoubt(await this.lines(run))
    if (!doubtful.includes(step)) {
      const there = doubtful.length === 0 ? 'no step of the run is' : `those that are: ${doubtful.join(', ')}`
      throw fault('REQUEST_INVALID', { why: `what became of the step "${step}" is not in doubt; ${there}` })
    }
    const result = settlement.as === 'happened' ? (settlement.result ?? HAPPENED) : null
    await this.#tell(
      run,
      {
        type: 'tool.settled',
        data: { step, as: settlement.as, by: actor.principal },
        ...(result === null ? {} : { payload: { result } }),
      },
      actor,
    )
  }

  /** Tells a run something by a name, for the step that waits for it, or the next that will. Throws `RUN_ENDED`. */
  signal(run: Run, name: string, payload: JsonValue, actor: Actor): Promise<void> {
    return this.#tell(run, { type: 'run.signalled', data: { name, by: actor.principal }, payload }, actor)
  }

  /**
   * Calls a step that waits for that, or will. Throws `RUN_ENDED`, and `STEP_NOT_WAITING` when it was called before.
   */
  called(run: Run, step: string, payload: JsonValue, correlationId: string): Promise<void> {
    const actor = { tenant: run.tenant, principal: CALLBACK, correlationId }
    return this.#tell(run, { type: 'run.called', data: { step }, payload }, actor, lines => {
      if (lines.some(({ type, data }) => type === 'run.called' && data['step'] === step))
        throw fault('STEP_NOT_WAITING', { step, why: 'it was called before' })
    })
  }

  /**
   * Answers a question that a run asks. Throws `RUN_ENDED`, `STEP_NOT_WAITING` when nothing is asked there or this person has answered,
   * and `FORBIDDEN` when it is for others to answer.
   */
  answer(
    run: Run,
    step: string,
    { agrees, reason }: { readonly agrees: boolean; readonly reason: string | null },
    { principal, roles }: Identity,
    actor: Actor,
  ): Promise<void> {
    const data = { step, agrees, by: principal.id, ...(reason === null ? {} : { reason }) }
    return this.#tell(run, { type: 'wait.answered', data }, actor, lines => {
      const question = this.look(run, lines).waits.find(each => each.step === step && each.for.is === 'answer')
      if (question?.for.is !== 'answer') throw fault('STEP_NOT_WAITING', { step, why: 'it asks nobody anything now' })
      const { terms } = question.for
      if (!terms.roles.some(role => roles.includes(role)))
        throw fault('FORBIDDEN', { needs: `the role ${terms.roles.join(' or ')}` })
      if (terms.fourEyes && run.by.principal === principal.id)
        throw fault('FORBIDDEN', { needs: 'to be somebody else than whoever the run acts for' })
      if (question.said.some(({ by }) => by === principal.id))
        throw fault('STEP_NOT_WAITING', { step, why: 'you have answered already' })
    })
  }

  /** How a run stands, in the words of its kind, and what it waits for. */
  look(
    { kind }: Pick<Run, 'kind'>,
    lines: readonly Told[],
  ): { readonly report: JsonValue | undefined; readonly waits: readonly OpenWait[] } {
    const decider = this.#parts.deciders[kind]
    if (!decider) return { report: undefined, waits: [] }
    const course = new Course(decider)
    for (const line of lines) course.hear(line)
    return course.ended ? { report: undefined, waits: [] } : { report: course.report, waits: course.waits }
  }

  /** Resolves with the run once it has ended, or as it is when the signal aborts. */
  async ended({ tenant, id }: Pick<Run, 'tenant' | 'id'>, signal: AbortSignal): Promise<Run> {
    const { store, journal } = this.#parts
    const over = new AbortController()
    const both = AbortSignal.any([signal, over.signal])
    const head = await journal.store.head()
    const run = await this.get(tenant, id)
    if (hasEnded(run)) return run
    for await (const { type } of follow(journal.store, head, both, { tenant, stream: `run:${id}` })) {
      if (ends.includes(type)) over.abort()
    }
    return (await store.run(tenant, id)) ?? run
  }

  /** The check sees the run as it is when the line is added, and throws when it must not be. */
  async #tell(run: Run, tale: Tale, actor: Actor, check?: (lines: readonly Told[]) => void): Promise<void> {
    const { store, journal, engine } = this.#parts
    const { tenant, id } = run
    for (;;) {
      const next = check ? await this.#checked(run, check) : await store.next(tenant, id)
      const line = tell(journal, { ...run, correlationId: actor.correlationId }, next, tale, actor.principal)
      try {
        await store.tell({ tenant, run: id, ...line })
        engine.hint()
        return
      } catch (error) {
        if (!isFault(error, 'STREAM_CONFLICT')) throw error
      }
    }
  }

  /** As they are. */
  async #lines({ tenant, id }: Pick<Run, 'tenant' | 'id'>, from = 0): Promise<readonly Told[]> {
    return told(await this.#parts.store.lines(tenant, id, from))
  }

  /** Number of the line that would follow those that were looked at. */
  async #checked(run: Run, check: (lines: readonly Told[]) => void): Promise<number> {
    const lines = await this.#lines(run)
    check(lines)
    return lines.length
  }
}

/** Steps of which nobody knows what became of them. */
export function inDoubt(lines: readonly Told[]): readonly string[] {
  const steps = new Set<string>()
  for (const { type, data } of lines) {
    if (type === 'tool.ended' && data['outcome'] === 'indeterminate') steps.add(word(data['step']))
    if (type === 'tool.settled') steps.delete(word(data['step']))
  }
  return [...steps]
}

const ends = ['run.completed', 'run.failed', 'run.cancelled']
/** Stands in for the principal of whoever called a step: the token proves that it got there, and not who called. */
const CALLBACK = 'callback'
/** Stands for a result that nobody knows. */
const HAPPENED: JsonObject = {
  content: [{ type: 'text', text: 'It took effect, as a person has checked; what it answered is not known.' }],
}
