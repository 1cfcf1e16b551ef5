import type { Use } from '../approvals/index.ts'
import {
  type Clock,
  type Fault,
  fault,
  isFault,
  type JsonObject,
  type JsonValue,
  newId,
  PassingSet,
} from '../kernel/index.ts'
import type { Registry } from '../registry/index.ts'
import { type NotAdmitted } from './admit.ts'
import { AllowedCall } from './allowed-call.ts'
import type { Hold } from './budgets/hold.ts'
import { spendingOf } from './budgets/spending.ts'
import type { Call } from './call.ts'
import type { Consent, Demand } from './consent.ts'
import type { Executor } from './execute/execute.ts'
import type { Guard, Passage, Review } from './guard.ts'
import type { LateWrites } from './late-writes.ts'
import { freezeCall, identify, resolve } from './path.ts'
import type { Intent, Recorder } from './record.ts'
import type { Answer, CallRequest } from './request.ts'
import type { SchemaValidator } from './schema-validator.ts'
import { asToolResult } from './tool-result.ts'
import { denialSentences, deny, type Outcome, type Verdict, withheld } from './verdict.ts'

export interface GateParts {
  readonly registry: Registry
  readonly validator: SchemaValidator
  readonly guards: readonly Guard[]
  readonly executor: Executor
  readonly recorder: Recorder
  readonly consent: Consent
  readonly late: LateWrites
  readonly clock: Clock
  /** Told of bugs in guards, which deny; the caller learns nothing of them. */
  readonly onBug: (error: unknown) => void
}

/** The one way to touch a server. */
export class Gate {
  readonly #parts: GateParts
  readonly #underWay = new PassingSet<Promise<unknown>>()
  readonly #ending = new AbortController()
  #stopping = false

  constructor(parts: GateParts) {
    this.#parts = parts
  }

  /**
   * Takes a request through the whole path and answers with what became of it. Every passage and every refusal is journaled.
   * Throws `STORE_UNAVAILABLE` when it could not be, `IDEMPOTENCY_MISMATCH`, `IDEMPOTENCY_IN_FLIGHT`, `SHUTTING_DOWN`.
   */
  async pass(request: CallRequest): Promise<Answer> {
    if (this.#stopping) throw fault('SHUTTING_DOWN')
    const passage = this.#pass(request)
    this.#underWay.add(passage)
    try {
      return await passage
    } finally {
      this.#underWay.delete(passage)
    }
  }

  /**
   * Lets nobody in any more and waits for those inside, as long as the signal lets it. Then it breaks off what is left, so
   * that whoever waits gets an honest answer, and the journal the same.
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#stopping = true
    // People take longer than a stop may; their answers count when the call comes again.
    this.#ending.abort()
    await this.#emptied(signal)
    this.#parts.executor.breakOff()
    await this.#emptied(AbortSignal.timeout(LAST_WORDS))
    await this.#parts.late.flush()
  }

  async #emptied(patience: AbortSignal): Promise<void> {
    const { promise: enough, resolve } = Promise.withResolvers<void>()
    patience.addEventListener('abort', () => resolve(), { once: true })
    if (patience.aborted) resolve()
    await Promise.race([Promise.allSettled(this.#underWay.values()), enough])
  }

  /** Whether nobody is let in any more. */
  get stopping(): boolean {
    return this.#stopping
  }

  get underWay(): number {
    return this.#underWay.size
  }

  /** A call that comes back from a person has the id it had before, and goes all the way again: much may have changed. */
  async #pass(request: CallRequest, back: Back | null = null): Promise<Answer> {
    const { registry, validator, late, clock } = this.#parts
    // Not awaited while all is well, so that the arguments are frozen before their sender can change them.
    if (!late.healthy) await late.assertHealthy()
    const identity = identify(request, clock)
    if ('is' in identity) return this.#refuse(request, before('identity', identity))
    const found = resolve(request, registry.offers(identity, request.view))
    if ('is' in found) return this.#refuse(request, before('resolve', found))
    const admission = freezeCall(request, identity, found, validator)
    if (admission.is === 'refused') return this.#refuse(request, admission)

    const call = back === null ? admission.call : Object.freeze({ ...admission.call, id: back.id })
    const asking: Asking[] = back === null ? [] : [...back.asking]
    let facts: JsonObject = back?.facts ?? {}
    let kept = facts
    let mustRedact = false
    let hold: Hold | null = null
    for (const guard of this.#parts.guards) {
      if (back !== null && guard.once) continue
      const checked = this.#check(guard, call, { io: request.io, facts, mustRedact })
      // Most guards know at once, and then nobody waits for a turn.
      const verdict = checked instanceof Promise ? await checked : checked
      if (verdict.is === 'needsApproval') asking.push({ guard, reasons: verdict.reasons })
      else if (verdict.is !== 'allow') {
        hold?.release()
        return this.#stop(guard, call, verdict, facts, request)
      }
      hold ??= verdict.hold ?? null
      mustRedact ||= verdict.mustRedact === true
      if (!verdict.facts) continue
      facts = { ...facts, ...verdict.facts }
      if (guard.once) kept = { ...kept, ...verdict.facts }
    }
    const passage = { io: request.io, facts, mustRedact }
    if (asking.length === 0) return this.#execute(call, passage, hold, request)
    const comesBack = { id: call.id, facts: kept, asking: asking.filter(each => each.guard.once) }
    try {
      return await this.#ask(call, asking, passage, hold, request, back === null ? comesBack : null)
    } finally {
      // Nothing is left to release of a call that ran.
      hold?.release()
    }
  }

  /**
   * Uses the approval that was given for the call; or has it asked for, waits as far as the caller does, and parks the call.
   * `back` is what the call brings along when it was waited for; null when it must not be again.
   */
  async #ask(
    call: Call,
    asking: readonly Asking[],
    passage: Passage,
    hold: Hold | null,
    request: CallRequest,
    back: Back | null,
  ): Promise<Answer> {
    const { consent } = this.#parts
    const { facts } = passage
    const { guard } = asking[0]!
    const reasons = asking.flatMap(each => each.reasons)
    const demand: Demand = { guards: asking.map(each => each.guard.name), reasons, facts }
    for (;;) {
      const standing = await consent.standing(call, demand)
      switch (standing.is) {
        case 'given':
          try {
            return await this.#execute(call, passage, hold, request, consent.use(standing.approval, call))
          } catch (error) {
            // Another call was faster: an approval is good for one.
            if (isFault(error, 'APPROVAL_SPENT')) continue
            throw error
          }
        case 'pending': {
          const { id, expiresAt } = standing.approval
          // People take their time, and others may need what is held.
          hold?.release()
          const waited = back !== null && (await consent.seek(standing.approval, call, request, this.#ending.signal))
          if (waited && !request.io.signal.aborted) return this.#pass(request, back)
          const parked = { is: 'needsApproval', reasons, approval: { id, expiresAt } } as const
          return this.#stop(guard, call, parked, facts, request)
        }
        case 'refused': {
          const denied = deny(guard.code, `the approval ${standing.approval.id} was rejected`)
          return this.#stop(guard, call, denied, facts, request)
        }
        case 'crowded': {
          const denied = deny('denied_limit', `${standing.most} requests of this principal wait for approval already`)
          return this.#stop(guard, call, denied, facts, request)
        }
        default:
          throw standing satisfies never
      }
    }
  }

  #check(guard: Guard, call: Call, passage: Passage): Verdict | Promise<Verdict> {
    const failed = (error: unknown): Verdict => {
      if (isFault(error) && error.kind === 'conflict') throw this.#conflict(guard, call, passage, error)
      this.#parts.onBug(error)
      return deny(guard.code, `the guard ${guard.name} failed`)
    }
    try {
      const checked = guard.check(call, passage)
      return checked instanceof Promise ? checked.catch(failed) : checked
    } catch (error) {
      return failed(error)
    }
  }

  /** A conflict is the caller's to mend, so it is told as it is; the journal has it, too. */
  #conflict(guard: Guard, call: Call, { facts }: Passage, error: Fault): Fault {
    this.#parts.recorder.stopped(unkeyed(call), {
      callId: call.id,
      outcome: guard.code,
      guard: guard.name,
      reasons: [error.code],
      facts,
    })
    return error
  }

  async #execute(call: Call, passage: Passage, hold: Hold | null, request: CallRequest, use?: Use): Promise<Answer> {
    const { guards, recorder, executor, clock } = this.#parts
    const started = clock.monotonic()
    let intent: Intent
    try {
      intent = await recorder.intend(call, passage.facts, hold, use)
    } catch (error) {
      // Whoever asked for the approval may have another one.
      if (!isFault(error, 'APPROVAL_SPENT')) hold?.release()
      if (hold === null || !isFault(error, 'BUDGET_SPENT')) throw error
      // Another process was faster; only the store knew.
      const verdict = { ...deny('denied_budget', error.message), standing: await hold.refused() }
      return this.#stop({ name: 'budget' }, call, verdict, passage.facts, request)
    }
    let { io } = passage
    for (const guard of guards) io = guard.between?.(call, { ...passage, io }) ?? io
    const execution = await executor.run(AllowedCall.of(call), io)
    if (execution.opened) recorder.circuitOpened(call, execution.opened)
    const took = clock.monotonic() - started
    const review = await this.#review(call, execution.outcome, passage)
    // What a guard withholds has been paid for all the same.
    const spending = spendingOf(execution, took)
    await recorder.ended(intent, { ...execution, outcome: review.outcome }, took, review, spending)
    return {
      is: 'outcome',
      callId: call.id,
      outcome: shown(call, recorder.tellable(review.outcome), request),
      replayOf: null,
      ...notedIn(passage.facts, review.facts),
    }
  }

  /** What every guard lets through of an outcome. The call has been made by now, whatever they say. */
  async #review(call: Call, outcome: Outcome, passage: Passage): Promise<Required<Review>> {
    const result = { outcome, facts: {}, labels: [] as readonly string[] }
    for (const guard of this.#parts.guards) {
      if (!guard.review) continue
      try {
        const reviewing = guard.review(call, result.outcome, passage)
        const review = reviewing instanceof Promise ? await reviewing : reviewing
        result.outcome = review.outcome
        if (review.facts) result.facts = { ...result.facts, ...review.facts }
        if (review.labels) result.labels = [...result.labels, ...review.labels]
      } catch (error) {
        this.#parts.onBug(error)
        result.outcome = withheld(call.effect)
      }
    }
    return result
  }

  #refuse(request: CallRequest, { guard, verdict, violations, offer }: NotAdmitted): Answer {
    const callId = newId()
    this.#parts.recorder.refusedRequest(request, {
      callId,
      outcome: verdict.code,
      guard,
      reasons: verdict.reasons,
      facts: verdict.facts ?? {},
      offer,
    })
    return {
      is: 'denied',
      callId,
      code: verdict.code,
      message: denialSentences[verdict.code],
      unknown: guard === 'resolve',
      violations,
    }
  }

  #stop(
    guard: Pick<Guard, 'name'>,
    call: Call,
    verdict: Exclude<Verdict, { is: 'allow' | 'needsApproval' }> | Parked,
    facts: JsonObject,
    request: CallRequest,
  ): Answer {
    const { recorder } = this.#parts
    const refusal = { callId: call.id, guard: guard.name, facts }
    switch (verdict.is) {
      case 'deny':
        recorder.stopped(unkeyed(call), {
          ...refusal,
          outcome: verdict.code,
          reasons: verdict.reasons,
          facts: { ...facts, ...verdict.facts },
        })
        return {
          is: 'denied',
          callId: call.id,
          code: verdict.code,
          message: denialSentences[verdict.code],
          unknown: false,
          violations: [],
          ...(verdict.standing ? { standing: verdict.standing } : {}),
          ...notedIn({ ...facts, ...verdict.facts }),
        }
      case 'needsApproval':
        recorder.stopped(unkeyed(call), {
          ...refusal,
          outcome: 'needs_approval',
          reasons: verdict.reasons,
          facts: { ...facts, approval: verdict.approval.id },
        })
        return {
          is: 'needsApproval',
          callId: call.id,
          approvalId: verdict.approval.id,
          expiresAt: verdict.approval.expiresAt,
        }
      case 'dryRun':
        recorder.stopped(unkeyed(call), {
          ...refusal,
          outcome: 'dry_run',
          reasons: [],
          facts: { ...facts, ...verdict.facts },
        })
        return { is: 'dryRun', callId: call.id }
      case 'answered': {
        recorder.answered(unkeyed(call), verdict.by, verdict.outcome, facts)
        return { is: 'outcome', callId: call.id, outcome: shown(call, verdict.outcome, request), replayOf: verdict.by }
      }
      default:
        throw verdict satisfies never
    }
  }
}

/** Milliseconds in which a call that is broken off must have ended: connectors get 2 s to settle. */
const LAST_WORDS = 2_500

function before(guard: NotAdmitted['guard'], verdict: NotAdmitted['verdict']): NotAdmitted {
  return { is: 'refused', guard, verdict, violations: [], offer: null }
}

/** What guardrails said of a call, for those who may see more than its caller. */
function notedIn(...facts: readonly JsonObject[]): { noted?: readonly JsonValue[] } {
  const noted = facts.flatMap(each => (each['guardrail'] === undefined ? [] : [each['guardrail']]))
  return noted.length > 0 ? { noted } : {}
}

/** A guard that wants a person to approve, and why. */
interface Asking {
  readonly guard: Guard
  readonly reasons: readonly string[]
}

/** What a call that comes back from a person brings along: what guards said that are heard once. */
interface Back {
  readonly id: string
  readonly facts: JsonObject
  readonly asking: readonly Asking[]
}

/** A call that waits for people to decide, and by what they know of it. */
interface Parked {
  readonly is: 'needsApproval'
  readonly reasons: readonly string[]
  readonly approval: { readonly id: string; readonly expiresAt: string }
}

function shown(call: Call, outcome: Outcome, request: CallRequest): Outcome {
  return request.use === 'tool' ? asToolResult(call, outcome) : outcome
}

/** A call that is not run must not claim its key: the same key may be tried again once the reason is gone. */
function unkeyed(call: Call): Call {
  return { ...call, context: { ...call.context, idempotencyKey: null } }
}
