import { type Clock, type Fault, fault, isFault, type JsonObject, newId, PassingSet } from '../kernel/index.ts'
import type { Registry } from '../registry/index.ts'
import { type NotAdmitted } from './admit.ts'
import { AllowedCall } from './allowed-call.ts'
import type { Call } from './call.ts'
import type { Executor } from './execute/execute.ts'
import type { Guard } from './guard.ts'
import type { LateWrites } from './late-writes.ts'
import { freezeCall, identify, resolve } from './path.ts'
import type { Recorder } from './record.ts'
import type { Answer, CallRequest } from './request.ts'
import type { SchemaValidator } from './schema-validator.ts'
import { asToolResult } from './tool-result.ts'
import { denialSentences, deny, type Outcome, type Verdict } from './verdict.ts'

export interface GateParts {
  readonly registry: Registry
  readonly validator: SchemaValidator
  readonly guards: readonly Guard[]
  readonly executor: Executor
  readonly recorder: Recorder
  readonly late: LateWrites
  readonly clock: Clock
  /** Told of bugs in guards, which deny; the caller learns nothing of them. */
  readonly onBug: (error: unknown) => void
}

/** The one way to touch a server. */
export class Gate {
  readonly #parts: GateParts
  readonly #underWay = new PassingSet<Promise<unknown>>()
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

  async #pass(request: CallRequest): Promise<Answer> {
    const { registry, validator, late, clock } = this.#parts
    // Not awaited while all is well, so that the arguments are frozen before their sender can change them.
    if (!late.healthy) await late.assertHealthy()
    const identity = identify(request, clock)
    if ('is' in identity) return this.#refuse(request, before('identity', identity))
    const found = resolve(request, registry.offers(identity, request.view))
    if ('is' in found) return this.#refuse(request, before('resolve', found))
    const admission = freezeCall(request, identity, found, validator)
    if (admission.is === 'refused') return this.#refuse(request, admission)

    const { call } = admission
    let facts: JsonObject = {}
    for (const guard of this.#parts.guards) {
      const checked = this.#check(guard, call, request.io.signal)
      // Most guards know at once, and then nobody waits for a turn.
      const verdict = checked instanceof Promise ? await checked : checked
      if (verdict.is !== 'allow') return this.#stop(guard, call, verdict, facts, request)
      if (verdict.facts) facts = { ...facts, ...verdict.facts }
    }
    const outcome = await this.#execute(call, facts, request)
    return { is: 'outcome', callId: call.id, outcome: shown(call, outcome, request), replayOf: null }
  }

  #check(guard: Guard, call: Call, signal: AbortSignal): Verdict | Promise<Verdict> {
    const failed = (error: unknown): Verdict => {
      if (isFault(error) && error.kind === 'conflict') throw this.#conflict(guard, call, error)
      this.#parts.onBug(error)
      return deny(guard.code, `the guard ${guard.name} failed`)
    }
    try {
      const checked = guard.check(call, signal)
      return checked instanceof Promise ? checked.catch(failed) : checked
    } catch (error) {
      return failed(error)
    }
  }

  /** A conflict is the caller's to mend, so it is told as it is; the journal has it, too. */
  #conflict(guard: Guard, call: Call, error: Fault): Fault {
    this.#parts.recorder.stopped(unkeyed(call), {
      callId: call.id,
      outcome: guard.code,
      guard: guard.name,
      reasons: [error.code],
      facts: {},
    })
    return error
  }

  async #execute(call: Call, facts: JsonObject, request: CallRequest) {
    const { recorder, executor, clock } = this.#parts
    const started = clock.monotonic()
    const intent = await recorder.intend(call, facts)
    const execution = await executor.run(AllowedCall.of(call), request.io)
    if (execution.opened) recorder.circuitOpened(call, execution.opened)
    await recorder.ended(intent, execution, clock.monotonic() - started)
    return execution.outcome
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
    guard: Guard,
    call: Call,
    verdict: Exclude<Verdict, { is: 'allow' }>,
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
        }
      case 'needsApproval':
        recorder.stopped(unkeyed(call), { ...refusal, outcome: 'needs_approval', reasons: verdict.reasons })
        return { is: 'needsApproval', callId: call.id }
      case 'dryRun':
        recorder.stopped(unkeyed(call), {
          ...refusal,
          outcome: 'dry_run',
          reasons: [],
          facts: { ...facts, ...verdict.facts },
        })
        return { is: 'dryRun', callId: call.id }
      case 'answered': {
        recorder.answered(unkeyed(call), verdict.by, verdict.outcome)
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

function shown(call: Call, outcome: Outcome, request: CallRequest): Outcome {
  return request.use === 'tool' ? asToolResult(call, outcome) : outcome
}

/** A call that is not run must not claim its key: the same key may be tried again once the reason is gone. */
function unkeyed(call: Call): Call {
  return { ...call, context: { ...call.context, idempotencyKey: null } }
}
