import type { Entry, Journal } from '../../journal/index.ts'
import { type Clock, isoTime, type JsonObject, newId } from '../../kernel/index.ts'
import type { Calendar } from './calendar.ts'
import { standsStill, type Trigger, type TriggerStanding } from './trigger.ts'
import type { TriggerStore } from './trigger-store.ts'

export interface StandstillParts {
  readonly store: Pick<TriggerStore, 'turn'>
  readonly journal: Pick<Journal, 'seal'>
  readonly calendar: Calendar
  readonly clock: Clock
  /** Most failures that are kept of one trigger. */
  readonly mostKept: number
}

/**
 * Has a trigger stand still when as many of its failures are kept as may be, and go on when there is room again. Resolves with how it
 * stands then. Throws `VERSION_CONFLICT` when somebody else was faster.
 */
export async function seeToStandstill(parts: StandstillParts, standing: TriggerStanding): Promise<TriggerStanding> {
  const { store, mostKept } = parts
  const { trigger, kept, standstills, moment } = standing
  const full = kept >= mostKept
  if (full === standsStill(standing)) return standing
  const missed = full ? null : missedBy(parts, standing)
  const to = missed?.last.getTime() ?? moment
  const entries = [told(parts, standing, full), ...(missed === null ? [] : [missedEntry(parts, trigger, missed)])]
  await store.turn(trigger, { standstills, moment }, to, entries)
  return { ...standing, standstills: standstills + 1, moment: to }
}

function told({ journal, mostKept }: StandstillParts, standing: TriggerStanding, full: boolean): Entry {
  const { trigger, kept, standstills, position } = standing
  const { id, tenant, name, source } = trigger
  const why = `${kept} failures are kept, and ${mostKept} are as many as may be`
  const data = { trigger: id, name, kind: source.is, kept, limit: mostKept, cursor: position, ...(full ? { why } : {}) }
  const place = { tenant, stream: `trigger-standstill:${id}`, seq: standstills }
  return sealed(journal, { ...place, type: full ? 'trigger.stalled' : 'trigger.resumed', data })
}

interface Missed {
  readonly first: Date
  readonly last: Date
  readonly count: number
}

/** The moments that came while it stood still; null when there were none. */
function missedBy({ calendar, clock }: StandstillParts, { trigger, moment }: TriggerStanding): Missed | null {
  const { source } = trigger
  if (source.is !== 'cron') return null
  const since = new Date(moment)
  const passed = calendar.passed(source.expression, source.zone, since, clock.now(), MOST_COUNTED)
  const last = passed.at(-1)
  if (last === undefined) return null
  return { first: calendar.next(source.expression, source.zone, since)!, last, count: passed.length }
}

function missedEntry({ journal }: StandstillParts, trigger: Trigger, { first, last, count }: Missed): Entry {
  const { id, tenant, name } = trigger
  const times = { first: isoTime(first), last: isoTime(last), count, at_least: count === MOST_COUNTED }
  const place = { tenant, stream: `trigger-missed:${id}:${times.first}`, seq: 0 }
  return sealed(journal, { ...place, type: 'trigger.missed', data: { trigger: id, name, ...times } })
}

function sealed(
  journal: Pick<Journal, 'seal'>,
  told: Pick<Entry, 'tenant' | 'stream' | 'seq' | 'type'> & { readonly data: JsonObject },
): Entry {
  return journal.seal({ ...told, principal: 'system', correlationId: newId() })
}

/** Moments that are counted at most. */
const MOST_COUNTED = 10_000
