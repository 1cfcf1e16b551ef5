import type { Use } from '../approvals/index.ts'
import type { Blob, Draft, Entry, Journal } from '../journal/index.ts'
import { type Clock, digestBytes, isFault, isoTime, type JsonObject, recordable } from '../kernel/index.ts'
import type { Offer } from '../registry/index.ts'
import { type Charge, chargesData } from './budgets/charges.ts'
import type { Hold, Spending } from './budgets/hold.ts'
import { spendingOf } from './budgets/spending.ts'
import type { Call } from './call.ts'
import type { CallRecord, CallStore } from './call-store.ts'
import type { Execution } from './execute/execute.ts'
import type { LateWrites } from './late-writes.ts'
import type { CallRequest } from './request.ts'
import { withoutMarked } from './secret-arguments.ts'
import { type Outcome, wireOutcome } from './verdict.ts'

/** What the journal is told of a call that never became one, or was not allowed. */
export interface Refusal {
  readonly callId: string
  /** Wire name: a denial code, `needs_approval` or `dry_run`. */
  readonly outcome: string
  readonly guard: string
  readonly reasons: readonly string[]
  readonly facts: JsonObject
  /** What was asked for, when it is known to be there for the caller. */
  readonly offer?: Offer | null
}

/** Writes the two lines of a call: its intent before, its end after, as durably as its effect demands. */
export class Recorder {
  readonly #calls: CallStore
  readonly #journal: Journal
  readonly #late: LateWrites
  readonly #clock: Clock

  constructor(parts: {
    readonly calls: CallStore
    readonly journal: Journal
    readonly late: LateWrites
    readonly clock: Clock
  }) {
    this.#calls = parts.calls
    this.#journal = parts.journal
    this.#late = parts.late
    this.#clock = parts.clock
  }

  /** A request that was refused before there was a call. */
  refusedRequest(request: CallRequest, refusal: Refusal): void {
    const tenant = request.identity?.tenant ?? NO_TENANT
    const principal = request.identity?.principal.id ?? 'anonymous'
    const { correlationId, causationId, via, sessionId, runId } = request.context
    const draft: Draft = {
      tenant,
      stream: `call:${refusal.callId}`,
      seq: 0,
      type: 'call.denied',
      principal,
      correlationId,
      ...(causationId === null ? {} : { causationId }),
      data: {
        ...this.#refusalData(refusal),
        asked: recordable(request.name),
        ...(runId === undefined ? {} : { run: runId }),
        session: sessionId,
        use: request.use,
        via,
        ...(refusal.offer ? { server: refusal.offer.server.name, capability: refusal.offer.capability.name } : {}),
      },
    }
    this.#appendSoon(draft)
  }

  /** A frozen call that a guard stopped. */
  stopped(call: Call, refusal: Refusal): void {
    const type =
      refusal.outcome === 'dry_run'
        ? 'call.dry_run'
        : refusal.outcome === 'needs_approval'
          ? 'call.parked'
          : 'call.denied'
    this.#endedAtOnce(call, type, refusal.outcome, this.#refusalData(refusal))
  }

  /** A call answered from an earlier one. */
  answered(call: Call, by: string, outcome: Outcome, facts: JsonObject): void {
    const name = wireOutcome(outcome)
    this.#endedAtOnce(call, 'call.answered', name, { ...facts, by, outcome: name })
  }

  /**
   * The intent. For whatever may change something, or claims a key, it is on disk when this resolves; for a plain read it
   * is written together with the end. In the same transaction what is held for the call is reserved, and the approval of the call,
   * if there is one, is used up. Throws `STORE_UNAVAILABLE` (then nothing may be sent), `IDEMPOTENCY_IN_FLIGHT`, `APPROVAL_SPENT`
   * or `BUDGET_SPENT`.
   */
  async intend(call: Call, facts: JsonObject, hold: Hold | null, use?: Use): Promise<Intent> {
    const args = this.#argumentsOf(call)
    const said: JsonObject = {
      ...(hold === null ? {} : { charges: chargesData(hold.reserved, 'held') }),
      ...(use ? { approval: use.approval.id } : {}),
      ...facts,
    }
    const data = aboutCall(call, said, args)
    const intended = this.#seal(call, 0, 'call.intended', data)
    const record: CallRecord = { ...this.#record(call), startedAt: intended.at }
    const durable = call.effect !== 'read' || call.context.idempotencyKey !== null || use !== undefined
    if (durable) {
      const besides = { approval: use?.approval, charges: hold?.reserved.accounts }
      await this.#calls.open(record, use ? [intended, use.entry] : [intended], [args], 'now', besides)
    }
    return { call, record, intended, args, durable, hold }
  }

  /**
   * What may be told of an outcome: errors often repeat what they were about, and so may hold a secret that the server was given.
   * A result that is none is the caller's as it is.
   */
  tellable(outcome: Outcome): Outcome {
    return outcome.is === 'toolError' || outcome.is === 'failed' ? this.#journal.conceal(outcome) : outcome
  }

  /**
   * The end of an intent. Once something may have happened the caller is told, so a store that fails only now does not
   * hide the outcome: the line is kept and written as soon as it can be.
   */
  async ended(
    intent: Intent,
    execution: Execution,
    milliseconds: number,
    review: Reviewed = unseen,
    spending: Spending = spendingOf(execution, milliseconds),
  ): Promise<void> {
    const { call } = intent
    const { outcome, attempts } = execution
    const { facts, labels } = review
    const name = wireOutcome(outcome)
    const settled = intent.hold?.settle(spending)
    const entry = this.#seal(call, 1, 'call.ended', {
      attempts,
      capability: call.capability.name,
      ...(settled === undefined ? {} : { charges: chargesData(settled.charges, 'spent') }),
      effect: call.effect,
      ...(outcome.is === 'failed' ? { error: outcome.fault ?? `rpc ${outcome.error.code}` } : {}),
      ...facts,
      ...('result' in outcome ? { is_error: outcome.is === 'toolError' } : {}),
      ...(labels.length > 0 ? { labels } : {}),
      latency_ms: Math.round(milliseconds * 1_000) / 1_000,
      outcome: name,
      server: call.server.name,
    })
    const record: CallRecord = {
      ...intent.record,
      state: 'ended',
      outcome: name,
      endedAt: entry.at,
      labels: labels.length > 0 ? labels : null,
    }
    const entries = settled === undefined ? [entry] : [entry, ...settled.notices.map(each => this.#journal.seal(each))]
    const charges = settled?.charges.accounts
    if (!intent.durable) {
      this.#openSoon(record, [intent.intended, ...entries], [intent.args], charges)
      // The store never knew that it was held.
      settled?.written()
      return
    }
    const close = async () => {
      const kept = standsForKey(call, outcome) ? this.#journal.conceal(outcome) : null
      await this.#calls.close(record, kept, entries, charges)
      settled?.written()
    }
    try {
      await close()
    } catch (error) {
      if (isFault(error, 'VERSION_CONFLICT') || isFault(error, 'STREAM_CONFLICT')) this.#endedAfterAll(call, name)
      else if (isFault(error, 'STORE_UNAVAILABLE')) this.#late.add(close)
      else throw error
    }
  }

  /** We stood still for so long that others took us for gone, and wrote that nobody knows how the call ended; now somebody does. */
  #endedAfterAll(call: Call, outcome: string): void {
    const entries = [this.#seal(call, 2, 'call.ended_late', { call: call.digest, outcome })]
    this.#late.add(() => this.#journal.store.append(entries, 'soon'))
  }

  /** Says that a circuit opened; nobody waits for it. */
  circuitOpened(call: Call, key: string): void {
    this.#appendSoon({
      tenant: call.identity.tenant,
      stream: `circuit:${call.id}`,
      seq: 0,
      type: 'server.circuit_opened',
      principal: 'system',
      correlationId: call.context.correlationId,
      causationId: call.id,
      data: { server: call.server.name, tool: key === call.server.id ? null : call.capability.name },
    })
  }

  #appendSoon(draft: Draft): void {
    const entries = [this.#journal.seal(draft)]
    this.#late.add(() => this.#journal.store.append(entries, 'soon'))
  }

  /** Holds nothing of the call but what is written: thousands may wait. */
  #openSoon(
    record: CallRecord,
    entries: readonly Entry[],
    blobs: readonly Blob[],
    charges: readonly Charge[] = [],
  ): void {
    this.#late.add(() => this.#calls.open(record, entries, blobs, 'soon', { charges }))
  }

  /**
   * The one line of a call that was not run; nobody waits for it. Its arguments are kept when policy was asked about them, so
   * that it can be asked again; those of a flood that never got that far are not.
   */
  #endedAtOnce(call: Call, type: string, outcome: string, facts: JsonObject): void {
    const judged = facts['policy_input'] !== undefined
    const args = judged ? this.#argumentsOf(call) : null
    const entry = this.#seal(call, 0, type, aboutCall(call, facts, args))
    const record: CallRecord = { ...this.#record(call), state: 'ended', outcome, endedAt: entry.at }
    this.#openSoon(record, [entry], args ? [args] : [])
  }

  #argumentsOf(call: Call): Blob {
    return this.#journal.sealBlob(call.identity.tenant, withoutMarked(call.args, call.capability))
  }

  #seal(call: Call, seq: number, type: string, data: JsonObject): Entry {
    const { correlationId, causationId } = call.context
    return this.#journal.seal({
      tenant: call.identity.tenant,
      stream: `call:${call.id}`,
      seq,
      type,
      principal: call.identity.principal.id,
      correlationId,
      ...(causationId === null ? {} : { causationId }),
      data,
    })
  }

  #refusalData({ outcome, guard, reasons, facts }: Refusal): JsonObject {
    return { ...facts, outcome, guard, reasons }
  }

  #record(call: Call): CallRecord {
    return {
      id: call.id,
      tenant: call.identity.tenant,
      principal: call.identity.principal.id,
      server: call.server.name,
      capability: call.capability.name,
      method: call.method,
      effect: call.effect,
      digest: call.digest,
      idempotencyKey: call.context.idempotencyKey,
      correlationId: call.context.correlationId,
      session: call.context.sessionId,
      state: 'open',
      outcome: null,
      startedAt: isoTime(this.#clock.now()),
      endedAt: null,
      labels: null,
    }
  }
}

/** What was seen in the outcome of a call. */
export interface Reviewed {
  readonly facts: JsonObject
  readonly labels: readonly string[]
}

const unseen: Reviewed = { facts: {}, labels: [] }

/** Tenant of journal lines about requests of nobody. */
export const NO_TENANT = 'nobody'

export interface Intent {
  readonly call: Call
  readonly record: CallRecord
  readonly intended: Entry
  readonly args: Blob
  readonly durable: boolean
  readonly hold: Hold | null
}

/**
 * Whether an idempotency key is answered with this outcome from now on. A call that certainly changed nothing, or that may
 * be repeated, gives its key back: asking again is then the right thing to do.
 */
function standsForKey(call: Call, outcome: Outcome): boolean {
  if (call.context.idempotencyKey === null) return false
  switch (outcome.is) {
    case 'ok':
    case 'toolError':
    case 'withheld':
    case 'indeterminate':
      return true
    case 'failed':
      return outcome.fault === null
    case 'inputRequired':
    case 'timeout':
    case 'cancelled':
      return false
    default:
      throw outcome satisfies never
  }
}

/** Its keys are in order, as those of all data of calls: what is in order need not be sorted to be hashed. */
function aboutCall(call: Call, { charges, ...facts }: JsonObject, args: Blob | null): JsonObject {
  return {
    ...(args === null ? {} : { args: args.digest }),
    // Otherwise what is kept is to the letter what was judged.
    ...(args === null || digestBytes(args.bytes) === call.argsDigest ? {} : { args_redacted: true }),
    call: call.digest,
    capability: call.capability.name,
    ...(charges === undefined ? {} : { charges }),
    ...(call.input === null ? {} : { continues: true }),
    definition: call.capability.digest,
    effect: call.effect,
    idempotency_key: call.context.idempotencyKey,
    method: call.method,
    open_world: call.openWorld,
    ...facts,
    primitive: call.capability.primitive,
    ...(call.context.runId === undefined ? {} : { run: call.context.runId }),
    server: call.server.name,
    session: call.context.sessionId,
    via: call.context.via,
  }
}
