import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ReportScope, ReportStep } from '@castellan/contracts'
import type { Guardrails } from '../guardrails/index.ts'
import type { Identity } from '../identity/index.ts'
import type { Journal, JournalStore, SequencedEntry } from '../journal/index.ts'
import { fault, notFound } from '../kernel/index.ts'
import { Joined } from './joined.ts'
import { Mask } from './mask.ts'
import type { Placed, Report } from './report.ts'
import { startingOffset } from './starting-offset.ts'
import { openingOf, type Place, Survey, type Surveyed, type SurveyParts, type Wanted } from './survey.ts'
import { toldStep } from './told-step.ts'

export interface ReportWish {
  /** As it was asked for. */
  readonly scope: ReportScope
  /** What its `since` means now; null without one. */
  readonly since: Date | null
  readonly identity: Identity
  /** Whether the asker sees what everybody did, and why it was denied; otherwise what they did themselves. */
  readonly everything: boolean
}

interface ReportParts {
  readonly journal: Journal
  readonly guardrails: () => Promise<Guardrails>
  readonly nameOf: SurveyParts['nameOf']
}

/** Reports on what happened, out of the journal alone. Few at a time: each reads a part of the journal twice. */
export class Reports {
  readonly #parts: ReportParts
  #underWay = 0

  constructor(parts: ReportParts) {
    this.#parts = parts
  }

  /**
   * Reads the journal up to its present end, and adds up what is asked for; steps are read again as they are asked for. The report
   * takes one of a few places until the signal aborts. Throws `NOT_FOUND` for a session or run in which the asker did nothing, and
   * `REPORT_LIMIT`.
   */
  async open(wish: ReportWish, signal: AbortSignal, tell: Tell = () => undefined): Promise<Report> {
    if (this.#underWay >= MOST_AT_ONCE) throw fault('REPORT_LIMIT', { limit: MOST_AT_ONCE })
    this.#underWay++
    signal.addEventListener('abort', () => void this.#underWay--, { once: true })
    if (signal.aborted) this.#underWay--
    const mask = new Mask(await this.#parts.guardrails(), this.#parts.journal)
    const { tenant, principal } = wish.identity
    const wanted: Wanted = {
      tenant,
      principal: wish.everything ? null : principal.id,
      ...(wish.scope.session === undefined ? {} : { session: wish.scope.session }),
      ...(wish.scope.run === undefined ? {} : { run: wish.scope.run }),
      ...(wish.since === null ? {} : { since: wish.since.toISOString() }),
    }
    const { sessions, denied, summary, charts } = await this.#survey(wanted, mask, signal, tell)
    const total = summary.total_steps
    let done = 0
    const counted = (some: number) => tell({ doing: 'writing', done: Math.min(total, (done += some)), of: total })
    const bySession = new Map(sessions.map(surveyed => [surveyed.session, surveyed]))
    const read = (refs: Iterable<Ref>) =>
      this.#read(tenant, refs, { mask, everything: wish.everything, signal, counted })
    return {
      scope: await masked(wish.scope, mask),
      sees: wish.everything ? 'all' : 'own',
      summary,
      charts,
      sessions: sessions.map(({ session }) => session),
      steps: session => read(refsOf(bySession.get(session)!)),
      denied: most => read(most === undefined ? denied : denied.slice(-most)),
      latest: () => read(newest(sessions)),
    }
  }

  async #survey(wanted: Wanted, mask: Mask, signal: AbortSignal, tell: Tell) {
    const { store } = this.#parts.journal
    const { tenant, session: id, run, since } = wanted
    const head = await store.head()
    const opening = id === undefined ? undefined : await openingOf(store, tenant, id)
    if (opening && wanted.principal !== null && opening.principal !== wanted.principal) throw notFound('session', id)
    const survey = new Survey(wanted, { store, mask, nameOf: this.#parts.nameOf })
    if (opening) await survey.mention(opening.principal, id!)
    const from = opening?.at ?? since
    const start = from === undefined ? 0 : await startingOffset(store, tenant, new Date(from), head)
    const joined = new Joined()
    for await (const page of pages(store, tenant, start, head, signal)) {
      for (const entry of page) {
        if (entry.type === 'session.closed') survey.closed(entry)
        for (const told of joined.take(entry)) await survey.add(told)
      }
      tell({ doing: 'reading', done: page.at(-1)!.offset - start, of: head - start })
    }
    for (const told of joined.rest()) await survey.add(told)
    const result = survey.result()
    if (result.sessions.length === 0 && since === undefined)
      throw run === undefined ? notFound('session', id) : notFound('run', run)
    return result
  }

  /** Steps as they are reported, some at a time: what stands in the journal does not change, so it need not be kept meanwhile. */
  async *#read(
    tenant: string,
    refs: Iterable<Ref>,
    { mask, everything, signal, counted }: Reading,
  ): AsyncGenerator<readonly Placed[]> {
    for (const some of inChunks(refs, STEPS_AT_ONCE)) {
      signal.throwIfAborted()
      const found = await this.#parts.journal.store.readAt(tenant, some.flatMap(({ place }) => place)) // prettier-ignore
      const at = new Map(found.map(entry => [entry.offset, entry]))
      const steps: Placed[] = []
      for (const { of, place } of some) {
        const step = toldStep(place.map(offset => at.get(offset)!))
        steps.push({ session: of.session, step: await mask.step(everything ? step : withoutReasons(step)) })
      }
      yield steps
      counted(some.length)
      // Texts are looked through here, and others want a turn.
      await nextTurn()
    }
  }
}

/** How far a report is: reading counts entries of the journal, writing the steps. */
type Tell = (progress: { readonly doing: 'reading' | 'writing'; readonly done: number; readonly of: number }) => void

interface Reading {
  readonly mask: Mask
  readonly everything: boolean
  readonly signal: AbortSignal
  readonly counted: (steps: number) => void
}

/** A step by its place, and the session it is of. */
interface Ref {
  readonly of: Surveyed
  readonly place: Place
}

const MOST_AT_ONCE = 4
const STEPS_AT_ONCE = 50
const PAGE = 200
/** Of the newest steps. */
const NEWEST = 200

async function* pages(
  store: Pick<JournalStore, 'read'>,
  tenant: string,
  after: number,
  head: number,
  signal: AbortSignal,
): AsyncGenerator<readonly SequencedEntry[]> {
  for (let from = after; from < head;) {
    signal.throwIfAborted()
    const page = await store.read(from, PAGE, { tenant })
    const known = page.filter(({ offset }) => offset <= head)
    if (known.length > 0) yield known
    if (known.length < PAGE) return
    from = page.at(-1)!.offset
    await nextTurn()
  }
}

/** Why something was refused is for those who may read the journal. */
function withoutReasons(step: ReportStep): ReportStep {
  return { ...step, guard: null, reasons: [] }
}

async function masked(scope: ReportScope, mask: Mask): Promise<ReportScope> {
  const entries = Object.entries(scope).map(async ([name, value]) => [name, await mask.name(value)] as const)
  return Object.fromEntries(await Promise.all(entries))
}

function* refsOf(of: Surveyed): Generator<Ref> {
  for (const place of of.places) yield { of, place }
}

function newest(sessions: readonly Surveyed[]): readonly Ref[] {
  const last = sessions.flatMap(of => of.places.slice(-NEWEST).map(place => ({ of, place })))
  return last.sort((one, other) => one.place.at(-1)! - other.place.at(-1)!).slice(-NEWEST)
}

function* inChunks<T>(items: Iterable<T>, size: number): Generator<readonly T[]> {
  let chunk: T[] = []
  for (const item of items) {
    if (chunk.push(item) < size) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
