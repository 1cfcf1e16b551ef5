import type { Identity } from '../identity/index.ts'
import type { Entry, Journal } from '../journal/index.ts'
import { type Clock, type Digest, fault, isFault, isoTime, type JsonObject, newId, notFound } from '../kernel/index.ts'
import { type Approval, type Asked, isOver } from './approval.ts'
import type { AppliedRule, ApprovalRules } from './approval-rules.ts'
import type { ApprovalFilter, ApprovalStore } from './approval-store.ts'
import type { CallbackTokens } from './callback-token.ts'
import { type Change, type Command, decide, isBarred, mayDecide } from './decide.ts'
import type { Notice } from './notice.ts'

/** What a call wants people to agree to. */
export interface Wish {
  readonly tenant: string
  /** Over everything an approval must be good for. */
  readonly binding: Digest
  readonly asked: Omit<Asked, 'args'>
  /** As they may be kept. */
  readonly args: JsonObject
}

/** How it stands with the approval of a call. */
export type Standing =
  /** It may be used, once. */
  | { readonly is: 'given'; readonly approval: Approval }
  /** Nobody has decided yet, or not enough have. */
  | { readonly is: 'pending'; readonly approval: Approval }
  /** Somebody said no, and not long ago. */
  | { readonly is: 'refused'; readonly approval: Approval }
  /** So much of this principal waits to be decided that nothing is added to it. */
  | { readonly is: 'crowded'; readonly most: number }

/** An approval that is used up, and the line that says so: to be written together with the intent of the call, or not at all. */
export interface Use {
  readonly approval: Approval
  readonly entry: Entry
}

/**
 * Takes what was found in a text out of it: secrets always, and personal data unless its reader must see it to decide.
 * Never rejects: what cannot be looked through is not shown.
 */
export type Redact = (text: string, reader: 'decides' | 'looks') => Promise<string>

export interface ApprovalParts {
  readonly store: ApprovalStore
  readonly journal: Journal
  readonly rules: ApprovalRules
  readonly tokens: CallbackTokens
  readonly redact: Redact
  readonly clock: Clock
}

/** Asks people about calls, keeps what they say, and lets each approval be used once. */
export class Approvals {
  readonly rules: ApprovalRules
  readonly #parts: ApprovalParts
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(parts: ApprovalParts) {
    this.rules = parts.rules
    this.#parts = parts
  }

  /** How it stands with what a call wants; people are asked when nobody was asked yet. Throws `STORE_UNAVAILABLE`. */
  async standing(wish: Wish): Promise<Standing> {
    const { store, clock } = this.#parts
    for (;;) {
      const newest = await store.newest(wish.tenant, wish.binding)
      const over = newest !== undefined && isOver(newest, clock.now())
      if (newest?.state === 'rejected' && !over) return { is: 'refused', approval: newest }
      if (newest?.state === 'pending' || newest?.state === 'approved') {
        if (!over) return { is: newest.state === 'pending' ? 'pending' : 'given', approval: newest }
        await this.#expire(newest)
        continue
      }
      if ((await store.pendingOf(wish.tenant, wish.asked.by.id)) >= MOST_PENDING) {
        return { is: 'crowded', most: MOST_PENDING }
      }
      const approval = await this.#ask(wish)
      // Otherwise the same call has asked at the same time.
      if (approval) return { is: 'pending', approval }
    }
  }

  /** What a call that runs now makes of an approval. Throws `APPROVAL_SPENT`. */
  use(approval: Approval, call: { readonly id: string; readonly principal: string }): Use {
    const change = decide(approval, { is: 'use', callId: call.id, principal: call.principal }, this.#parts.clock.now())
    return { approval: change.approval, entry: this.#entry(change, approval.asked.correlationId) }
  }

  /** Throws `NOT_FOUND`, and what {@link decide} throws. */
  async act(tenant: string, id: string, command: Command, correlationId?: string): Promise<Approval> {
    for (;;) {
      const approval = await this.get(tenant, id)
      const change = decide(approval, command, this.#parts.clock.now())
      if (await this.#save(change, correlationId ?? approval.asked.correlationId)) return change.approval
    }
  }

  /**
   * Takes the answer to a notice. Throws `APPROVAL_TOKEN_INVALID` unless the token is ours and of this approval, and what
   * {@link act} throws.
   */
  async answered(
    id: string,
    token: string,
    answer: { readonly agrees: boolean; readonly reason: string | null },
    correlationId: string,
  ): Promise<Approval> {
    const read = this.#parts.tokens.read(token)
    if (read?.id !== id) throw fault('APPROVAL_TOKEN_INVALID')
    const command = { is: answer.agrees ? 'approve' : 'reject', by: { is: 'callback' }, reason: answer.reason } as const
    return this.act(read.tenant, id, command, correlationId)
  }

  /** Throws `NOT_FOUND`. */
  async get(tenant: string, id: string): Promise<Approval> {
    const approval = await this.#parts.store.approval(tenant, id)
    if (!approval) throw notFound('approval', id)
    return approval
  }

  list(tenant: string, filter: ApprovalFilter, before: string | null, limit: number): Promise<Approval[]> {
    return this.#parts.store.approvals(tenant, filter, before, limit)
  }

  /** The arguments of the call as JSON text, without what their reader has no need to see. */
  async argumentsOf({ tenant, asked }: Approval, reader: 'decides' | 'looks'): Promise<string> {
    const blob = await this.#parts.journal.store.blob(tenant, asked.args)
    if (!blob) return '(erased)'
    const args = JSON.parse(Buffer.from(blob.bytes).toString('utf8')) as JsonObject
    return this.#parts.redact(JSON.stringify(args, null, 2), reader)
  }

  /** Whether whoever asked may answer it themselves. */
  isOwnToDecide(approval: Approval, identity: Pick<Identity, 'principal' | 'roles'>): boolean {
    const { principal } = identity
    return (
      mayDecide(approval, identity) &&
      !isBarred(approval, identity) &&
      !approval.decisions.some(each => each.by === principal.id)
    )
  }

  /** Resolves when nothing is to be decided any more, or the signal aborts. Throws `STORE_UNAVAILABLE`. */
  async settled({ tenant, id }: Approval, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // Renewed before reading: what is decided during the read must not be missed.
      const told = Promise.withResolvers<void>()
      const forget = this.#whenTold(id, told.resolve)
      const leave = () => told.resolve()
      signal.addEventListener('abort', leave, { once: true })
      const timer = setTimeout(leave, POLL)
      try {
        const approval = await this.get(tenant, id)
        if (approval.state !== 'pending' || isOver(approval, this.#parts.clock.now())) return
        if (!signal.aborted) await told.promise
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', leave)
        forget()
      }
    }
  }

  /** Ends what nobody decided or used in time. Resolves with how many those were. */
  async expireOverdue(): Promise<number> {
    const { store, clock } = this.#parts
    const overdue = await store.overdue(isoTime(clock.now()), PAGE)
    for (const approval of overdue) await this.#expire(approval)
    return overdue.length
  }

  /** Undefined when the same was asked meanwhile. */
  async #ask({ tenant, binding, asked, args }: Wish): Promise<Approval | undefined> {
    const { store, journal, rules, clock } = this.#parts
    const rule = rules.ruleFor(tenant, `${asked.server}/${asked.capability}`)
    const now = clock.now()
    const blob = journal.sealBlob(tenant, args)
    const approval: Approval = {
      id: newId(),
      tenant,
      state: 'pending',
      binding,
      asked: { ...asked, args: blob.digest },
      terms: termsOf(rule),
      decisions: [],
      requestedAt: isoTime(now),
      expiresAt: isoTime(new Date(now.getTime() + rule.decideWithin)),
      usedBy: null,
      version: 1,
    }
    const entry = journal.seal({
      tenant,
      stream: `approval:${approval.id}`,
      seq: 0,
      type: 'approval.requested',
      principal: asked.by.id,
      correlationId: asked.correlationId,
      causationId: asked.callId,
      data: requested(approval),
    })
    try {
      await store.ask(approval, noticeOf(approval, rule), [entry], [blob])
      return approval
    } catch (error) {
      if (isFault(error, 'VERSION_CONFLICT')) return undefined
      throw error
    }
  }

  async #expire(approval: Approval): Promise<void> {
    await this.#save(decide(approval, { is: 'expire' }, this.#parts.clock.now()), approval.asked.correlationId)
  }

  /** Whether it was still as it was when that was decided. */
  async #save(change: Change, correlationId: string): Promise<boolean> {
    try {
      await this.#parts.store.save(change.approval, [this.#entry(change, correlationId)])
    } catch (error) {
      if (isFault(error, 'VERSION_CONFLICT') || isFault(error, 'STREAM_CONFLICT')) return false
      throw error
    }
    for (const wake of this.#waiting.get(change.approval.id) ?? []) wake()
    return true
  }

  #entry({ approval, type, principal, data }: Change, correlationId: string): Entry {
    const { id, tenant, version, asked } = approval
    const stream = `approval:${id}`
    const causationId = asked.callId
    return this.#parts.journal.seal({
      tenant,
      stream,
      seq: version - 1,
      type,
      principal,
      correlationId,
      causationId,
      data,
    })
  }

  #whenTold(id: string, wake: () => void): () => void {
    const waiting = this.#waiting.get(id) ?? new Set()
    this.#waiting.set(id, waiting.add(wake))
    return () => {
      waiting.delete(wake)
      if (waiting.size === 0) this.#waiting.delete(id)
    }
  }
}

/** A principal that asks without end must not bury what others ask. */
const MOST_PENDING = 100
const PAGE = 100
/** Milliseconds: other nodes decide, too, and nobody tells of it here. */
const POLL = 1_000

function termsOf({ name, approvers, fourEyes, quorum, useWithin }: AppliedRule): Approval['terms'] {
  return { rule: name, approvers, fourEyes, quorum, useWithin }
}

function noticeOf({ id, tenant, requestedAt }: Approval, { webhook }: AppliedRule): Notice | null {
  return webhook && { id, tenant, ...webhook, attempts: 0, nextAt: requestedAt, version: 1 }
}

function requested({ binding, asked, terms, expiresAt }: Approval): JsonObject {
  const { args, capability, definition, effect, guards, method, openWorld, policyDigest, reasons, server } = asked
  return {
    args,
    binding,
    call: asked.callId,
    capability,
    definition,
    effect,
    expires_at: expiresAt,
    four_eyes: terms.fourEyes,
    guards,
    method,
    open_world: openWorld,
    policy: policyDigest,
    quorum: terms.quorum,
    reasons,
    rule: terms.rule,
    server,
  }
}
