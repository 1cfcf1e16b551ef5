import type { Clock } from '../kernel/index.ts'
import type { Call } from './call.ts'
import type { CallRecord, CallStore } from './call-store.ts'

/**
 * What each session has read so far, in labels such as `untrusted` and `confidential`. Calls without a session are taken
 * together by principal. Kept in memory; the truth is in the records of calls.
 */
export class Labels {
  readonly #clock: Clock
  /** What was read last stands last. */
  readonly #readings = new Map<string, Reading>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Reads back what was read before a restart. */
  async load(calls: Pick<CallStore, 'labelled'>): Promise<void> {
    const since = new Date(this.#clock.now().getTime() - LONGEST_KEPT).toISOString()
    for (let after: string | null = null; ;) {
      const page: CallRecord[] = await calls.labelled(since, after, PAGE)
      for (const { tenant, principal, session, labels, endedAt, startedAt } of page)
        this.#note(keyOf(tenant, principal, session), labels ?? [], Date.parse(endedAt ?? startedAt))
      if (page.length < PAGE) return
      after = page.at(-1)!.id
    }
  }

  /** In alphabetical order. */
  of({ identity, context }: Pick<Call, 'identity' | 'context'>): readonly string[] {
    if (this.#readings.size === 0) return none
    const key = keyOf(identity.tenant, identity.principal.id, context.sessionId)
    const reading = this.#readings.get(key)
    if (!reading) return none
    const kept = context.sessionId === null ? KEPT_WITHOUT_SESSION : LONGEST_KEPT
    if (this.#clock.now().getTime() - reading.at <= kept) return reading.labels
    this.#readings.delete(key)
    return none
  }

  add({ identity, context }: Pick<Call, 'identity' | 'context'>, labels: readonly string[]): void {
    if (labels.length === 0) return
    const key = keyOf(identity.tenant, identity.principal.id, context.sessionId)
    this.#note(key, [...this.of({ identity, context }), ...labels], this.#clock.now().getTime())
  }

  #note(key: string, labels: readonly string[], at: number): void {
    const before = this.#readings.get(key)?.labels ?? none
    this.#readings.delete(key)
    this.#readings.set(key, { labels: [...new Set([...before, ...labels])].sort(), at })
    if (this.#readings.size > MOST_SESSIONS) this.#readings.delete(this.#readings.keys().next().value!)
  }
}

interface Reading {
  readonly labels: readonly string[]
  /** Milliseconds since 1970. */
  readonly at: number
}

const none: readonly string[] = []
/** Milliseconds after the last reading. A model has no memory beyond its session, and few sessions live for a day. */
const LONGEST_KEPT = 24 * 3_600_000
/** Of a principal that works without sessions nobody knows what belongs together. */
const KEPT_WITHOUT_SESSION = 3_600_000
const MOST_SESSIONS = 100_000
const PAGE = 1_000

function keyOf(tenant: string, principal: string, session: string | null): string {
  return session === null ? `${tenant} ${principal}` : `${tenant} ${principal} ${session}`
}
