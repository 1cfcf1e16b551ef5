import type { z } from 'zod'
import type * as wire from '@castellan/contracts'
import { cloudEvent } from '../../../journal/index.ts'
import { formatDuration, isoTime, type JsonValue, parseDuration } from '../../../kernel/index.ts'
import {
  type FailureOf,
  standsStill,
  type TriggerSource,
  type TriggerSpec,
  type TriggerStanding,
} from '../../../runs/index.ts'

type Given = z.output<typeof wire.triggerInput>

/** `secret` is the one that calls are signed with, when the wish names none. */
export function triggerSpec(input: Given, secret: string): TriggerSpec {
  const { name, description, source, condition, starts, most_open: mostOpen, enabled } = input
  return {
    name,
    description,
    source: sourceOf(source, secret),
    condition,
    starts: { ...starts, input: starts.input as JsonValue },
    mostOpen,
    enabled,
  }
}

/** `base` is where the outside reaches us. */
export function wireTrigger(standing: TriggerStanding, next: Date | null, base: string): wire.Trigger {
  const { trigger, position, open, started, failed, kept, refused, trouble } = standing
  const { id, tenant, name, description, source, condition, starts, mostOpen, enabled, version, by } = trigger
  return {
    id,
    name,
    description,
    source: wireSource(source),
    condition,
    starts: { ...starts },
    most_open: mostOpen,
    enabled,
    version,
    principal: by.principal,
    url: source.is === 'webhook' ? `${base.replace(/\/$/, '')}/hooks/${tenant}/${id}` : null,
    next_at: next === null ? null : isoTime(next),
    standing: { open, started, failed, kept, stalled: standsStill(standing), refused, cursor: position, trouble },
  }
}

export function wireFailure({ offset, entry, why }: FailureOf): wire.TriggerFailure {
  return { offset, event: cloudEvent(entry), why }
}

function sourceOf(source: Given['source'], secret: string): TriggerSource {
  switch (source.kind) {
    case 'entry':
      return { is: 'entry', topic: source.topic }
    case 'cron':
      return { is: 'cron', expression: source.expression, zone: source.zone, catchUp: source.catch_up }
    case 'webhook':
      return { is: 'webhook', secret: source.secret ?? secret, tolerance: parseDuration(source.tolerance) }
    default:
      throw source satisfies never
  }
}

function wireSource(source: TriggerSource): wire.Trigger['source'] {
  switch (source.is) {
    case 'entry':
      return { kind: 'entry', topic: source.topic }
    case 'cron':
      return { kind: 'cron', expression: source.expression, zone: source.zone, catch_up: source.catchUp }
    case 'webhook':
      return { kind: 'webhook', secret: source.secret, tolerance: formatDuration(source.tolerance) }
    default:
      throw source satisfies never
  }
}
