import {
  Breakers,
  type BreakerSettings,
  type Clock,
  digestBytes,
  formatDuration,
  isoTime,
  Recent,
} from '../kernel/index.ts'
import type { Finding } from './finding.ts'
import type { GuardrailProvider, ProviderAnswer } from './guardrail-provider.ts'
import { redaction } from './redacted.ts'
import type { Stage } from './signal.ts'
import type { OnBug, Sight } from './sight.ts'

/** A provider, and what it is asked. */
export interface Seat {
  readonly provider: GuardrailProvider
  readonly stages: readonly Stage[]
  /** Whether it gets texts as they are, or without what our own detectors would take out. */
  readonly sees: 'redacted' | 'full'
  /** Characters of the longest text it is asked about; of a longer one it is unavailable. */
  readonly longest: number
}

/** How it is with a provider. */
export interface ProviderState {
  readonly name: string
  readonly kind: string
  /** As it said last; null before it has said anything. */
  readonly version: string | null
  /** `resting` after so many failures that it is not asked for a while. */
  readonly is: 'unasked' | 'working' | 'failing' | 'resting'
  readonly stages: readonly Stage[]
  readonly asked: number
  readonly failed: number
  /** How often an earlier answer was good enough. */
  readonly reused: number
  readonly lastFailure: { readonly at: string; readonly why: string } | null
  /** Parts that have to be installed first, and how. */
  readonly missing: readonly string[]
}

export interface PanelParts {
  readonly seats: readonly Seat[]
  /** Milliseconds that a scan has for all of them together. */
  readonly budget: number
  readonly clock: Clock
  readonly breaker?: BreakerSettings
  readonly onBug?: OnBug
  /** Told when a provider begins to fail, with why, and when it works again, with null. */
  readonly onChange?: (name: string, why: string | null) => void
}

/**
 * The providers that are configured, each asked for its stages, all at once, in bounded time. Whoever fails, is slow or answers
 * with what is no answer is unavailable; who does so repeatedly is not asked for a while, and is unavailable at once. An answer is good
 * for a day, for the very text it was given to: it is neither asked for nor paid for again.
 */
export class ProviderPanel {
  readonly #members: ReadonlyMap<string, Member>
  readonly #budget: number
  readonly #clock: Clock
  readonly #breakers: Breakers
  readonly #onBug: OnBug
  readonly #onChange: NonNullable<PanelParts['onChange']>

  constructor({ seats, budget, clock, breaker = PATIENCE, onBug = () => {}, onChange = () => {} }: PanelParts) {
    this.#members = new Map(seats.map(seat => [seat.provider.name, new Member(seat)]))
    this.#budget = budget
    this.#clock = clock
    this.#breakers = new Breakers(clock, breaker)
    this.#onBug = onBug
    this.#onChange = onChange
  }

  /** Names of those who are asked at a stage; of these only, when some are given. Whoever is given and is not there is named, too. */
  namesFor(stage: Stage, only: readonly string[] | undefined): readonly string[] {
    const names = only ?? [...this.#members.keys()]
    return names.filter(name => this.#members.get(name)?.seat.stages.includes(stage) ?? true)
  }

  /** What they see in a text, of which our own detectors saw `own`. */
  async consult(text: string, stage: Stage, own: readonly Finding[], names: readonly string[]): Promise<Sight> {
    const findings: Finding[] = []
    const unavailable: string[] = []
    await Promise.all(
      names.map(async name => {
        const heard = await this.#hear(name, text, stage, own)
        if (heard === null) unavailable.push(name)
        else findings.push(...heard)
      }),
    )
    return { findings, unavailable: unavailable.sort() }
  }

  get states(): readonly ProviderState[] {
    return [...this.#members].map(([name, member]) => ({
      ...member.state,
      name,
      is: this.#breakers.state(name) === 'closed' ? member.state.is : 'resting',
    }))
  }

  /** Asks those of whom nothing good is known. */
  async probe(text: string): Promise<void> {
    const doubtful = this.states.filter(state => state.is !== 'working' && state.missing.length === 0)
    await Promise.all(
      doubtful.map(async ({ name, stages }) => this.#answer(this.#members.get(name)!, text, stages[0] ?? 'result')),
    )
  }

  /** Has them load what they need. */
  async prepare(): Promise<void> {
    await Promise.all(this.#members.values().map(({ seat }) => seat.provider.prepare()))
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.values().map(({ seat }) => seat.provider.close()))
  }

  /** Null when it is unavailable. */
  async #hear(name: string, text: string, stage: Stage, own: readonly Finding[]): Promise<readonly Finding[] | null> {
    const member = this.#members.get(name)
    if (!member || text.length > member.seat.longest) return null
    const shown = member.seat.sees === 'full' ? { text, original: asItIs } : redaction(text, own)
    // What has no form on the wire is nothing that anybody could judge.
    const said = await this.#answer(member, shown.text.toWellFormed(), stage)
    if (said.is === 'failed') return null
    return said.findings.map(({ place, metric, category, confidence }) => ({
      metric,
      category,
      confidence,
      ...withWholeLetters(
        text,
        place === null ? { start: 0, end: text.length } : shown.original(place.start, place.end),
      ),
      provider: { name, version: said.version },
    }))
  }

  #answer(member: Member, text: string, stage: Stage): Promise<ProviderAnswer> | ProviderAnswer {
    const key = digestBytes(`${stage} ${text}`)
    const known = member.answers.get(key)
    if (known && this.#clock.monotonic() < known.until) {
      member.reused++
      return known.answer
    }
    // The same text may come several times at once, as in the blocks of one result.
    const asking = member.underWay.get(key)
    if (asking) {
      member.reused++
      return asking
    }
    if (!this.#breakers.admit(member.name)) return { is: 'failed', why: 'it is not asked for a while, after it failed' }
    const answer = this.#ask(member, text, stage, key).finally(() => member.underWay.delete(key))
    member.underWay.set(key, answer)
    return answer
  }

  async #ask(member: Member, text: string, stage: Stage, key: string): Promise<ProviderAnswer> {
    member.asked++
    const answer = await this.#inTime(member.seat.provider, text, stage)
    if (answer.is === 'failed') {
      this.#breakers.failed(member.name)
      if (!member.isFailing) this.#onChange(member.name, answer.why)
      member.hasFailed(answer.why, isoTime(this.#clock.now()))
      return answer
    }
    this.#breakers.succeeded(member.name)
    if (member.isFailing) this.#onChange(member.name, null)
    member.hasAnswered(answer.version)
    member.answers.set(key, { answer, until: this.#clock.monotonic() + GOOD_FOR })
    return answer
  }

  /** Whatever a provider does, this settles in time, and only with findings that lie within the text. */
  async #inTime(provider: GuardrailProvider, text: string, stage: Stage): Promise<ProviderAnswer> {
    const overdue = new AbortController()
    const { promise: late, resolve } = Promise.withResolvers<ProviderAnswer>()
    const timer = setTimeout(() => {
      resolve({ is: 'failed', why: `no answer within ${formatDuration(this.#budget)}` })
      overdue.abort()
    }, this.#budget)
    try {
      const answer = await Promise.race([late, provider.ask({ text, stage }, overdue.signal)])
      const strayed =
        answer.is === 'found' && answer.findings.some(({ place }) => place && !isWithin(place, text.length))
      return strayed ? { is: 'failed', why: 'it found something where there is no text' } : answer
    } catch (error) {
      this.#onBug(error)
      return { is: 'failed', why: 'asking it failed' }
    } finally {
      clearTimeout(timer)
    }
  }
}

/** A provider that fails thrice in a row gets ten seconds of rest, so that not every call waits for it in vain. */
const PATIENCE: BreakerSettings = { threshold: 3, rest: 10_000 }
/** Milliseconds: as long as a session keeps what it has read. */
const GOOD_FOR = 24 * 60 * 60_000
/** Answers that are remembered of each. */
const REMEMBERED = 2_000

class Member {
  readonly seat: Seat
  readonly answers = new Recent<string, { readonly answer: ProviderAnswer; readonly until: number }>(REMEMBERED)
  readonly underWay = new Map<string, Promise<ProviderAnswer>>()
  asked = 0
  reused = 0
  #failed = 0
  #version: string | null = null
  #lastFailure: ProviderState['lastFailure'] = null
  isFailing = false

  constructor(seat: Seat) {
    this.seat = seat
  }

  get name(): string {
    return this.seat.provider.name
  }

  hasFailed(why: string, at: string): void {
    this.#failed++
    this.isFailing = true
    this.#lastFailure = { at, why }
  }

  /** What another version said says nothing of this one. */
  hasAnswered(version: string): void {
    if (this.#version !== null && this.#version !== version) this.answers.clear()
    this.#version = version
    this.isFailing = false
  }

  get state(): ProviderState {
    const { provider, stages } = this.seat
    return {
      name: provider.name,
      kind: provider.kind,
      version: this.#version,
      is: this.isFailing ? 'failing' : this.#version === null ? 'unasked' : 'working',
      stages,
      asked: this.asked,
      failed: this.#failed,
      reused: this.reused,
      lastFailure: this.#lastFailure,
      missing: provider.missing(),
    }
  }
}

function asItIs(start: number, end: number): { start: number; end: number } {
  return { start, end }
}

function isWithin({ start, end }: { readonly start: number; readonly end: number }, length: number): boolean {
  return Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= length
}

/** A stretch that cuts no surrogate pair. */
function withWholeLetters(text: string, { start, end }: { readonly start: number; readonly end: number }) {
  return {
    start: start > 0 && isPair(text, start - 1) ? start - 1 : start,
    end: end < text.length && isPair(text, end - 1) ? end + 1 : end,
  }
}

function isPair(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff
}
