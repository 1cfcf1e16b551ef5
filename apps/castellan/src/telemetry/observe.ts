import { followInPages, type JournalStore, type SequencedEntry } from '../journal/index.ts'
import type { Level, Log } from './log.ts'

/** Where counts and times go. */
export interface Meter {
  callEnded(labels: { server: string; outcome: string; effect: string }, seconds: number | null): void
  circuitOpened(server: string): void
  /** Something happened that a trigger is for: its kind, and what became of it. */
  triggered(labels: { kind: string; outcome: string }): void
}

/**
 * Turns what the journal says into log lines and metrics, from now on, until the signal aborts. It only reads: a slow log
 * holds nobody up.
 */
export async function observe(store: JournalStore, log: Log, meter: Meter, signal: AbortSignal): Promise<void> {
  for await (const entries of followInPages(store, 'now', signal)) {
    for (const entry of entries) {
      measure(entry, meter)
      log(levelOf(entry.type), entry.type, {
        tenant: entry.tenant,
        principal: entry.principal,
        subject: entry.stream,
        correlation: entry.correlationId,
        ...shown(entry),
      })
    }
  }
}

/** One line for each call, and it is the one that says how it ended. */
function levelOf(type: string): Level {
  if (WARNINGS.includes(type)) return 'warn'
  return type === 'call.intended' ? 'debug' : 'info'
}

const WARNINGS: readonly string[] = [
  'call.denied',
  'budget.soft_reached',
  'budget.exceeded',
  'trigger.failed',
  'trigger.missed',
  'trigger.stalled',
]

const SHOWN = [
  'server',
  'capability',
  'outcome',
  'guard',
  'effect',
  'attempts',
  'latency_ms',
  'error',
  'via',
  'from',
  'to',
  'reason',
  'name',
] as const

/** Besides, of what triggers tell of themselves: elsewhere a reason may quote what a tool or a model said. */
const OF_TRIGGERS = ['kind', 'offset', 'why', 'kept', 'limit', 'first', 'last', 'count'] as const

function shown({ type, data }: SequencedEntry): Record<string, string | number | boolean> {
  const facts: Record<string, string | number | boolean> = {}
  for (const key of type.startsWith('trigger.') ? [...SHOWN, ...OF_TRIGGERS] : SHOWN) {
    const value = data[key]
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') facts[key] = value
  }
  return facts
}

function measure({ type, data }: SequencedEntry, meter: Meter): void {
  const text = (key: string): string => (typeof data[key] === 'string' ? data[key] : '')
  if (type === 'server.circuit_opened') meter.circuitOpened(text('server'))
  const triggered = TRIGGERED[type]
  if (triggered !== undefined) meter.triggered({ kind: text('kind'), outcome: triggered })
  if (!ENDS.includes(type)) return
  const latency = typeof data.latency_ms === 'number' ? data.latency_ms / 1_000 : null
  meter.callEnded({ server: text('server'), outcome: text('outcome'), effect: text('effect') }, latency)
}

const TRIGGERED: Readonly<Record<string, string>> = {
  'trigger.fired': 'started',
  'trigger.failed': 'failed',
  'trigger.refused': 'refused',
}
const ENDS: readonly string[] = ['call.ended', 'call.denied', 'call.dry_run', 'call.answered']
