import { cloudEvent, type Entry, matchesTopic } from '../../journal/index.ts'
import type { JsonObject, JsonValue } from '../../kernel/index.ts'
import type { Trigger } from './trigger.ts'

/** Told of by the clock of triggers when a moment of one has come. */
export const DUE = 'trigger.due'
/** Told of when one was called from outside. */
export const CALLED = 'trigger.called'
/** Told of when one has started a run; under the correlation id of that run, which everything it causes carries. */
export const FIRED = 'trigger.fired'

/** Whether an entry of its tenant is one that a trigger is for. What triggers tell of themselves is for nobody else. */
export function isFor({ id, source }: Trigger, { type, data }: Pick<Entry, 'type' | 'data'>): boolean {
  switch (source.is) {
    case 'entry':
      return !type.startsWith('trigger.') && matchesTopic(source.topic, type)
    case 'cron':
      return type === DUE && data['trigger'] === id
    case 'webhook':
      return type === CALLED && data['trigger'] === id
    default:
      throw source satisfies never
  }
}

/** What the expressions of a trigger see of what happened. `body` is what a webhook brought, read as JSON when it is. */
export function scopeOf({ id, name, source }: Trigger, entry: Entry, body: JsonValue): JsonObject {
  const common = { trigger: { id, name } }
  switch (source.is) {
    case 'entry':
      return { ...common, time: entry.at, entry: cloudEvent(entry) as unknown as JsonObject }
    case 'cron':
      return { ...common, time: entry.data['moment'] ?? entry.at }
    case 'webhook':
      return { ...common, time: entry.at, webhook: { id: entry.data['webhook_id'] ?? null, body } }
    default:
      throw source satisfies never
  }
}

/** The stream that says by which triggers everything under a correlation id came about. */
export function chainStream(correlationId: string): string {
  return `trigger-chain:${correlationId}`
}

/** The stream of an entry that a trigger could not make a run of. */
export function failureStream(trigger: string, offset: number): string {
  return `trigger-failure:${trigger}:${offset}`
}

/**
 * Why an entry starts nothing, given the triggers it came about by, the first of them first; null when it may. One that runs of the
 * trigger itself caused would go on for ever.
 */
export function refusal({ id }: Trigger, chain: readonly string[]): string | null {
  if (chain.includes(id)) return 'a run that it started itself has caused this'
  if (chain.length >= LONGEST_CHAIN) return `${LONGEST_CHAIN} triggers have started each other to get here`
  return null
}

/** Triggers that may start each other in a row. */
export const LONGEST_CHAIN = 8
