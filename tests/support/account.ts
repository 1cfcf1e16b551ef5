import { leafHash } from '../../apps/castellan/src/journal/index.ts'
import type { JournalEvent } from '../../packages/contracts/src/index.ts'
import type { Rest } from '../support/rest.ts'

/** What the journal says of one call. */
export interface Trace {
  readonly callId: string
  readonly correlationId: string
  effect: string | null
  intended: boolean
  /** How it ended; for those that were answered from an earlier call, with that outcome. */
  outcome: string | null
  swept: boolean
}

/** Whether a call keeps its idempotency key: what is known to have happened, or may have and must not happen twice. */
export function stands({ effect, outcome }: Trace): boolean {
  return outcome === 'ok' || (outcome === 'indeterminate' && effect === 'unsafe')
}

/** A copy of the journal, read on after every restart, and what is wrong with it. */
export class Account {
  /** Leaf hashes by offset. */
  readonly leaves: string[] = ['']
  readonly calls = new Map<string, Trace>()
  readonly #byCorrelation = new Map<string, Trace[]>()
  readonly #correlations = new Set<string>()
  swept = 0

  /** The calls made under a correlation id. */
  callsOf(correlationId: string): readonly Trace[] {
    return this.#byCorrelation.get(correlationId) ?? []
  }

  tellsOf(correlationId: string): boolean {
    return this.#correlations.has(correlationId)
  }

  /** Reads what was added since the last time. Nothing may be under way. Returns what is wrong. */
  async readOn(rest: Rest): Promise<string[]> {
    const wrong: string[] = []
    const events = await rest.all<JournalEvent>(`/api/journal?after=${this.leaves.length - 1}`)
    for (const event of events) {
      if (event.offset !== this.leaves.length) wrong.push(`offset ${event.offset} follows ${this.leaves.length - 1}`)
      if (rehash(event) !== event.leafhash) wrong.push(`entry ${event.offset} does not have the hash it says it has`)
      this.leaves.push(event.leafhash)
      this.#correlations.add(event.correlationid)
      if (event.subject.startsWith('call:')) wrong.push(...this.#fold(event))
    }
    for (const trace of this.calls.values()) {
      if (trace.intended && trace.outcome === null) wrong.push(`call ${trace.callId} was left without an end`)
    }
    return wrong
  }

  #fold(event: JournalEvent): string[] {
    const trace = this.#traceOf(event)
    const { outcome, effect, swept } = event.data as { outcome?: string; effect?: string; swept?: boolean }
    switch (event.type) {
      case 'call.intended':
        trace.intended = true
        trace.effect = effect ?? null
        return event.streamseq === 0 ? [] : [`call ${trace.callId} was intended at place ${event.streamseq}`]
      case 'call.ended': {
        const wrong = trace.intended && trace.outcome === null ? [] : [`call ${trace.callId} ended more than it began`]
        trace.outcome = outcome ?? null
        trace.swept = swept === true
        if (trace.swept) this.swept++
        const expected = trace.effect === 'read' ? 'error' : 'indeterminate'
        if (trace.swept && outcome !== expected) wrong.push(`call ${trace.callId} was swept as ${outcome}`)
        return wrong
      }
      case 'call.answered':
        trace.outcome = outcome ?? null
        return []
      default:
        trace.outcome = event.type
        return []
    }
  }

  #traceOf({ subject, correlationid: correlationId }: JournalEvent): Trace {
    const callId = subject.slice('call:'.length)
    const known = this.calls.get(callId)
    if (known) return known
    const trace: Trace = { callId, correlationId, effect: null, intended: false, outcome: null, swept: false }
    this.calls.set(callId, trace)
    this.#byCorrelation.set(correlationId, [...this.callsOf(correlationId), trace])
    return trace
  }
}

function rehash(event: JournalEvent): string {
  return leafHash({
    id: event.id,
    tenant: event.source.slice('/tenants/'.length),
    stream: event.subject,
    seq: event.streamseq,
    type: event.type,
    at: event.time,
    principal: event.principal,
    // A swept end has the correlation id of the call, and `system` as principal; all of it is in the envelope.
    correlationId: event.correlationid,
    causationId: event.causationid ?? null,
    data: event.data as Parameters<typeof leafHash>[0]['data'],
  })
}
