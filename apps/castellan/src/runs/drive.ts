import { pause } from '../gate/index.ts'
import type { Journal } from '../journal/index.ts'
import { type Clock, isFault, isoTime } from '../kernel/index.ts'
import { Course, type Plan, taleOf } from './course.ts'
import type { Decider } from './decider.ts'
import type { Deciders } from './deciders.ts'
import type { Hands } from './hands.ts'
import { hasEnded, type Run, type Tale } from './run.ts'
import type { Held, Message, RunStore } from './run-store.ts'
import type { Step, StepEnd, Work } from './step.ts'
import { tell, told, TurnDraft } from './telling.ts'
import { word } from './word.ts'

export interface DriveParts {
  readonly store: RunStore
  readonly journal: Journal
  readonly deciders: Partial<Deciders>
  readonly hands: Hands
  readonly clock: Clock
}

/**
 * Takes one run as far as it goes now, while it is held: writes down what follows from its lines, carries it out, writes down what
 * came of it. What was not written down has not happened; what was begun and not seen to end is found out by whoever holds it next.
 */
export class Drive {
  readonly #parts: DriveParts
  readonly #working = new Map<string, AbortController>()
  /** Steps that were asked for in this very hold, and so have certainly not begun. */
  readonly #fresh = new Set<string>()
  /** Steps that wait for people, and still did when they were looked at. */
  readonly #waiting = new Set<string>()
  #ends: Ended[] = []
  /** Why a step could not be carried out, which is a bug. */
  #bug: { readonly error: unknown } | null = null
  #held: Held
  #run: Run
  #course: Course
  /** What the store knows that the run waits for; of an earlier life nothing is known. */
  #awaits: readonly string[] = ['?']
  /** Number of the next line. */
  #next = 0
  #lost = false
  #stopping = false
  #told = true
  /** Runs inside of this one that were told to stop. */
  readonly #stopped = new Set<string>()
  #wake = Promise.withResolvers<void>()

  constructor(parts: DriveParts, held: Held, run: Run) {
    this.#parts = parts
    this.#held = held
    this.#run = run
    this.#course = new Course(deciderOf(parts, run))
  }

  get held(): Held {
    return this.#held
  }

  /** Resolves once the run is let go of, has ended or is lost. Rejects for bugs, and with `STORE_UNAVAILABLE`. */
  async go(): Promise<void> {
    try {
      while (!this.#lost && !(await this.#tryRound()));
    } catch (error) {
      if (!isFault(error, 'RUN_LOST')) throw error
    } finally {
      for (const abort of this.#working.values()) abort.abort()
    }
  }

  /** How the run is held now, as the store has it; undefined when somebody else holds it. */
  look(held: Held | undefined): void {
    if (held?.fence === this.#held.fence && held.told === this.#held.told) return
    if (held?.fence !== this.#held.fence) this.#lost = true
    else {
      this.#held = held
      this.#told = true
    }
    this.#wake.resolve()
  }

  /** Begins nothing more, and lets go of the run once what is under way has ended. */
  stop(): void {
    this.#stopping = true
    this.#wake.resolve()
  }

  /** Breaks off what is under way, too. */
  breakOff(): void {
    this.stop()
    for (const abort of this.#working.values()) abort.abort()
  }

  /** What is under way goes on while the store cannot be reached. */
  async #tryRound(): Promise<boolean> {
    try {
      return await this.#round()
    } catch (error) {
      if (!isFault(error, 'STORE_UNAVAILABLE') || this.#stopping) throw error
      this.#told = true
      await this.#somethingHappens(this.#parts.clock.now().getTime() + LAST_PAUSE)
      return false
    }
  }

  /** Whether it was the last. */
  async #round(): Promise<boolean> {
    this.#wake = Promise.withResolvers<void>()
    if (this.#bug) throw this.#bug.error
    if (this.#told) await this.#catchUp()
    const { until, stops, at } = await this.#writeDown()
    if (this.#course.ended) return true
    for (const [step, abort] of this.#working) if (this.#course.breaksOff(step)) abort.abort()
    await this.#cancelChildren(stops)
    if (!this.#stopping) this.#begin(at)
    if (this.#ends.length > 0) return false
    if (this.#working.size === 0) return this.#letGo(until)
    await this.#somethingHappens(until)
    return false
  }

  /** Writes down all that follows now. Resolves with when more may. */
  async #writeDown(): Promise<Next> {
    for (;;) {
      const turn = new TurnDraft(this.#run, this.#next, this.#parts)
      for (const { step, attempt, end } of this.#ends) this.#endStep(turn, this.#course.step(step), attempt, end)
      const next = this.#decide(turn)
      const unchanged = turn.entries.length === 0 && this.#course.state === this.#run.state
      if (unchanged || (await this.#commit(turn))) {
        this.#ends = []
        return next
      }
    }
  }

  #endStep(turn: TurnDraft, step: Step | undefined, attempt: number, end: StepEnd): void {
    if (!step || step.attempt !== attempt || end.is === 'dropped') return
    // Somebody else has said meanwhile what became of it.
    if (end.is === 'probed' && step.at.is !== 'unknown') return
    if (end.is === 'ended' && end.settled) turn.settle(end.settled)
    if (end.is === 'waits' && step.at.is === 'waits' && step.at.approval === end.approval) this.#waiting.add(step.id)
    else this.#say(turn, taleOf(step, end))
  }

  #decide(turn: TurnDraft): Next {
    // A run that somebody stops may end; nothing else is decided by a process that is about to.
    for (let rounds = 0; !this.#stopping || this.#course.stopping; rounds++) {
      const at = this.#parts.clock.now().getTime()
      const { tales, ...next } = this.#course.plan(at)
      if (tales.length === 0) return { ...next, at }
      if (rounds === MOST_ROUNDS) throw new Error(`the run ${this.#run.id} decides and decides`)
      for (const tale of tales) this.#say(turn, tale)
    }
    return { until: null, stops: [], at: 0 }
  }

  #say(turn: TurnDraft, tale: Tale): void {
    this.#course.hear(turn.say(tale))
    if (tale.type.endsWith('.requested')) this.#fresh.add(word(tale.data['step']))
  }

  /** Whether the turn is in the store. When others were faster, it is as if it had never been thought of. */
  async #commit({ entries, payloads, children, output, settled, notices }: TurnDraft): Promise<boolean> {
    const { store } = this.#parts
    const run = this.#changed()
    const messages = run !== null && hasEnded(run) ? await this.#newsOfEnd(run, output) : []
    const charges = settled.flatMap(each => each.charges.accounts)
    const lines = [...entries, ...notices]
    const { awaits } = this.#course
    const same = awaits.join('\n') === this.#awaits.join('\n')
    const turn = { run, entries: lines, payloads, children, messages, awaits: same ? null : awaits, charges }
    for (let pause = FIRST_PAUSE; ; pause = Math.min(LAST_PAUSE, pause * 2)) {
      try {
        await store.advance(this.#held, turn)
        this.#next += entries.length
        this.#run = run ?? this.#run
        this.#awaits = awaits
        for (const each of settled) each.written()
        return true
      } catch (error) {
        if (isFault(error, 'STREAM_CONFLICT') || isFault(error, 'RUN_ENDED')) {
          await this.#readAnew()
          return false
        }
        // Whether the lines were written is not known, so the very same must be: others would make two of one thing.
        if (!isFault(error, 'STORE_UNAVAILABLE') || this.#lost || this.#stopping) throw error
        // What happened before does not shorten the pause; it is looked at once this is written.
        this.#wake = Promise.withResolvers<void>()
        await this.#somethingHappens(this.#parts.clock.now().getTime() + pause)
        this.#wake.resolve()
      }
    }
  }

  /** The run as its lines have it now; null when its record says so already. */
  #changed(): Run | null {
    const { state, why } = this.#course
    if (state === this.#run.state) return null
    const at = isoTime(this.#parts.clock.now())
    const startedAt = this.#run.startedAt ?? (state === 'queued' ? null : at)
    const error = this.#parts.journal.conceal(why)
    return { ...this.#run, state, startedAt, endedAt: hasEnded({ state }) ? at : null, error }
  }

  /** The run around this one is told how it ended. */
  async #newsOfEnd({ id, tenant, parent, state, error }: Run, output: Tale['payload']): Promise<readonly Message[]> {
    const around = parent === null ? undefined : await this.#parts.store.run(tenant, parent.run)
    if (!around || hasEnded(around)) return []
    const outcome = state === 'completed' ? 'ok' : state === 'cancelled' ? 'cancelled' : 'error'
    const data = { step: parent!.step, run: id, outcome, ...(error === null ? {} : { why: error }) }
    return [
      await this.#messageTo(around, {
        type: 'child.ended',
        data,
        ...(output === undefined ? {} : { payload: output }),
      }),
    ]
  }

  async #cancelChildren(stops: readonly string[]): Promise<void> {
    const { store } = this.#parts
    for (const { step, run } of this.#course.children) {
      if (this.#stopped.has(run) || !(this.#course.breaksOff(step) || stops.includes(step))) continue
      for (;;) {
        const child = await store.run(this.#run.tenant, run)
        if (!child || hasEnded(child)) break
        try {
          await store.tell(await this.#messageTo(child, { type: 'run.cancel_requested', data: { by: 'parent' } }))
          break
        } catch (error) {
          if (!isFault(error, 'STREAM_CONFLICT') && !isFault(error, 'RUN_ENDED')) throw error
        }
      }
      this.#stopped.add(run)
    }
  }

  async #messageTo(run: Run, tale: Tale): Promise<Message> {
    const { store, journal } = this.#parts
    const next = await store.next(run.tenant, run.id)
    return { tenant: run.tenant, run: run.id, ...tell(journal, run, next, tale, 'system') }
  }

  #begin(now: number): void {
    for (const work of this.#course.work(now)) {
      const { step } = work
      if (this.#working.has(step) || this.#waiting.has(step) || this.#ends.some(each => each.step === step)) continue
      const abort = new AbortController()
      if (this.#course.breaksOff(step)) abort.abort()
      this.#working.set(step, abort)
      const again = !this.#fresh.delete(step)
      void this.#carry(work.is === 'compute' || work.is === 'probe' ? work : { ...work, again }, abort.signal)
    }
  }

  async #carry(work: Work, signal: AbortSignal): Promise<void> {
    let end: StepEnd
    try {
      end = await this.#parts.hands.carry(this.#run, work, signal, this.#held.fence)
    } catch (error) {
      // What became of it is asked for once the store can be asked.
      if (isFault(error, 'STORE_UNAVAILABLE')) await pause(LAST_PAUSE, signal).catch(() => undefined)
      else this.#bug = { error }
      end = { is: 'dropped' }
    }
    this.#working.delete(work.step)
    const brokenOff = this.#course.breaksOff(work.step)
    // What was cut off because this process stops is carried out by whoever goes on.
    if (signal.aborted && !brokenOff && end.is === 'ended' && end.outcome === 'cancelled') end = { is: 'dropped' }
    // Nobody would: the run is stopped, and ends without it.
    if (end.is === 'dropped' && brokenOff && !this.#stopping) end = givenUp(work)
    const attempt = 'attempt' in work ? work.attempt : 1
    this.#ends.push({ step: work.step, attempt, end })
    this.#wake.resolve()
  }

  /** Whether the run was let go of. */
  async #letGo(until: number | null): Promise<boolean> {
    const { store, clock } = this.#parts
    const dueIn = this.#stopping ? 0 : until === null ? null : Math.max(0, until - clock.now().getTime())
    if (await store.release(this.#held, dueIn)) return true
    this.#held = { ...this.#held, told: await store.told(this.#held) }
    this.#told = true
    return false
  }

  async #somethingHappens(until: number | null): Promise<void> {
    if (until === null) return this.#wake.promise
    const wait = Math.min(LONGEST_TIMER, Math.max(0, until - this.#parts.clock.now().getTime()))
    const timer = setTimeout(() => this.#wake.resolve(), wait)
    await this.#wake.promise
    clearTimeout(timer)
  }

  /** Hears what others told the run. */
  async #catchUp(): Promise<void> {
    const { store } = this.#parts
    this.#told = false
    this.#waiting.clear()
    // How much there is was known before what it is: what comes in between is looked for again rather than not at all.
    for (const line of told(await store.lines(this.#run.tenant, this.#run.id, this.#next))) {
      this.#course.hear(line)
      this.#next = line.seq + 1
    }
  }

  /** Forgets what was thought of and not written. */
  async #readAnew(): Promise<void> {
    this.#course = new Course(deciderOf(this.#parts, this.#run))
    this.#next = 0
    this.#fresh.clear()
    await this.#catchUp()
  }
}

/** How something ended that nobody waits for any more. A call of it may have been made. */
function givenUp({ is }: Work): StepEnd {
  const why = 'the run was stopped before it was known what became of it'
  return { is: 'ended', outcome: is === 'tool' ? 'indeterminate' : 'cancelled', data: { why } }
}

function deciderOf({ deciders }: DriveParts, { id, kind }: Run): Decider<unknown> {
  const decider = deciders[kind]
  if (!decider) throw new Error(`nobody decides for the run ${id}, which is of the kind ${kind}`)
  return decider
}

/** What follows once all is written down. */
interface Next extends Omit<Plan, 'tales'> {
  /** The time at which it follows, in milliseconds of the epoch. */
  readonly at: number
}

interface Ended {
  readonly step: string
  readonly attempt: number
  readonly end: StepEnd
}

/** Decisions that may follow from one another before something else happens. */
const MOST_ROUNDS = 10_000
/** Milliseconds between attempts to write while the store cannot. */
const FIRST_PAUSE = 50
const LAST_PAUSE = 2_000
const LONGEST_TIMER = 2 ** 31 - 1
