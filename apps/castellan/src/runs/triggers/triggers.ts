import type { Actor, Identity } from '../../identity/index.ts'
import type { Entry, Journal } from '../../journal/index.ts'
import { canonicalize, type Clock, fault, type JsonObject, newId, notFound } from '../../kernel/index.ts'
import { type Expressions, isExpression } from '../workflow/expressions.ts'
import type { Calendar } from './calendar.ts'
import type { Beginning, Trigger, TriggerSpec, TriggerStanding } from './trigger.ts'
import type { TriggerStore } from './trigger-store.ts'

export interface TriggerParts {
  readonly store: TriggerStore
  readonly journal: Journal
  readonly expressions: Pick<Expressions, 'parse'>
  readonly calendar: Calendar
  readonly clock: Clock
  /** Told of every change, so that it shows soon. */
  readonly changed: () => void
}

/** The triggers of the tenants; every change goes through store and journal. */
export class Triggers {
  readonly #parts: TriggerParts

  constructor(parts: TriggerParts) {
    this.#parts = parts
  }

  /** Of a tenant, or of all. */
  list(tenant?: string): Promise<readonly TriggerStanding[]> {
    return this.#parts.store.triggers(tenant)
  }

  /** Throws `NOT_FOUND`. */
  async get(tenant: string, idOrName: string): Promise<TriggerStanding> {
    const all = await this.#parts.store.triggers(tenant)
    const found = all.find(({ trigger: { id, name } }) => id === idOrName || name === idOrName)
    if (!found) throw notFound('trigger', idOrName)
    return found
  }

  /** When a trigger of moments is due next; null when it is none, or rests. */
  next({ source, enabled }: Trigger): Date | null {
    if (source.is !== 'cron' || !enabled) return null
    return this.#parts.calendar.next(source.expression, source.zone, this.#parts.clock.now())
  }

  /** Throws `TRIGGER_INVALID` for what types cannot say: moments and expressions that cannot be read, and circles. */
  async check({ source, condition, starts }: TriggerSpec): Promise<void> {
    const { calendar, expressions } = this.#parts
    if (source.is === 'cron') {
      const problem = calendar.problem(source.expression, source.zone)
      if (problem !== null) throw invalid(`"${source.expression}" in ${source.zone}: ${problem}`)
    }
    if (source.is === 'entry' && source.topic.startsWith('trigger.')) {
      throw invalid('what triggers tell of themselves starts nothing')
    }
    const texts = [...(condition === null ? [] : [condition]), ...expressionsIn(starts.input)]
    for (const text of texts) {
      const { problem } = await expressions.parse(text)
      if (problem !== null) throw invalid(`the expression "${text}": ${problem}`)
    }
  }

  /** Makes one that acts for whoever asks, and looks at what comes from now on. Throws `TRIGGER_INVALID`, `NAME_TAKEN`. */
  async create(spec: TriggerSpec, identity: Identity, actor: Actor): Promise<TriggerStanding> {
    await this.check(spec)
    const trigger: Trigger = { ...spec, id: newId(), tenant: actor.tenant, version: 1, by: onBehalf(identity) }
    const beginning = await this.#now()
    await this.#parts.store.create(trigger, beginning, [this.#entry('created', trigger, actor, told(spec))])
    this.#parts.changed()
    const nothing = { open: 0, started: 0, failed: 0, kept: 0, standstills: 0, refused: 0, trouble: null }
    return { trigger, ...beginning, ...nothing }
  }

  /**
   * Describes one anew, as a whole; from then on it acts for whoever did so. It goes on where it is, unless what it listens to is another
   * thing now, or it rested. Throws `NOT_FOUND`, `TRIGGER_INVALID`, `NAME_TAKEN`, `VERSION_CONFLICT`.
   */
  async replace(idOrName: string, spec: TriggerSpec, identity: Identity, actor: Actor): Promise<TriggerStanding> {
    await this.check(spec)
    const { trigger } = await this.get(actor.tenant, idOrName)
    return this.#save(trigger, { ...trigger, ...spec, by: onBehalf(identity) }, 'updated', actor, told(spec))
  }

  /** Has it start runs, or none: what happens while it rests is passed over. Throws `NOT_FOUND`, `VERSION_CONFLICT`. */
  async enable(idOrName: string, enabled: boolean, actor: Actor): Promise<TriggerStanding> {
    const standing = await this.get(actor.tenant, idOrName)
    const { trigger } = standing
    if (trigger.enabled === enabled) return standing
    return this.#save(trigger, { ...trigger, enabled }, enabled ? 'enabled' : 'disabled', actor, { name: trigger.name })
  }

  /** Removes it; its runs go on. Throws `NOT_FOUND`. */
  async remove(idOrName: string, actor: Actor): Promise<void> {
    const { trigger } = await this.get(actor.tenant, idOrName)
    const last = { ...trigger, version: trigger.version + 1 }
    const entry = this.#entry('removed', last, actor, { name: trigger.name })
    await this.#parts.store.remove(actor.tenant, trigger.id, [entry])
    this.#parts.changed()
  }

  async #save(before: Trigger, changed: Trigger, what: string, actor: Actor, data: JsonObject) {
    const trigger = { ...changed, version: before.version + 1 }
    const same = canonicalize(before.source) === canonicalize(trigger.source) && before.enabled
    const beginning = same ? null : await this.#now()
    await this.#parts.store.save(trigger, beginning, [this.#entry(what, trigger, actor, data)])
    this.#parts.changed()
    return this.get(actor.tenant, trigger.id)
  }

  async #now(): Promise<Beginning> {
    const { journal, clock } = this.#parts
    return { position: await journal.store.head(), moment: clock.now().getTime() }
  }

  #entry(what: string, { tenant, id, version }: Trigger, { principal, correlationId }: Actor, data: JsonObject): Entry {
    const place = { tenant, stream: `trigger:${id}`, seq: version - 1 }
    return this.#parts.journal.seal({ ...place, type: `trigger.${what}`, principal, correlationId, data })
  }
}

function onBehalf({ principal, scopes, keyId, roles }: Identity): Trigger['by'] {
  return { principal: principal.id, scopes, key: keyId, roles }
}

function told({ name, source, condition, starts, mostOpen, enabled }: TriggerSpec): JsonObject {
  const { kind, name: what } = starts
  return { name, source: { ...source }, condition, starts: { kind, name: what }, most_open: mostOpen, enabled }
}

function expressionsIn(template: TriggerSpec['starts']['input']): readonly string[] {
  if (isExpression(template)) return [template.slice(1)]
  if (typeof template !== 'object' || template === null) return []
  return Object.values(template).flatMap(expressionsIn)
}

function invalid(why: string) {
  return fault('TRIGGER_INVALID', { why })
}
