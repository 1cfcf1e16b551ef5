import type { ReportSession } from '@castellan/contracts'
import type { Entry, JournalStore } from '../journal/index.ts'
import { isId } from '../kernel/index.ts'
import type { Told } from './joined.ts'
import type { Mask } from './mask.ts'
import { isDenied, Summing, withStep } from './summing.ts'
import { toldStep } from './told-step.ts'

/** Where the entries of one step are in the journal. */
export type Place = readonly number[]

/** A session with the places of its steps, which is all that is kept of them. */
export interface Surveyed {
  session: ReportSession
  readonly places: Place[]
}

/** What is wanted of all that the journal has. */
export interface Wanted {
  readonly tenant: string
  /** Null for those of everybody. */
  readonly principal: string | null
  readonly session?: string
  readonly run?: string
  /** RFC 3339. */
  readonly since?: string
}

export interface SurveyParts {
  readonly store: Pick<JournalStore, 'readStream'>
  readonly mask: Mask
  /** The name of a principal; null when there is none any more. */
  readonly nameOf: (tenant: string, id: string) => Promise<string | null>
}

/** Sorts what happened by session, adds it up, and remembers where it stands. */
export class Survey {
  readonly #wanted: Wanted
  readonly #parts: SurveyParts
  readonly #sessions = new Map<string, Surveyed>()
  readonly #names = new Map<string, string | null>()
  readonly #summing = new Summing()
  readonly #denied: { readonly of: Surveyed; readonly place: Place }[] = []

  constructor(wanted: Wanted, parts: SurveyParts) {
    this.#wanted = wanted
    this.#parts = parts
  }

  async add(told: Told): Promise<void> {
    const { run, since, session: wantedSession } = this.#wanted
    const first = await this.#firstOf(told)
    const { principal } = first
    if (this.#wanted.principal !== null && principal !== this.#wanted.principal) return
    const id = sessionOf(first)
    if (wantedSession !== undefined && id !== wantedSession) return
    const step = toldStep(told)
    if (run !== undefined && (step.run_id ?? first.data['run']) !== run) return
    if (since !== undefined && step.at < since) return
    const surveyed = await this.#session(principal, id)
    const { session } = surveyed
    const place = told.map(({ offset }) => offset)
    surveyed.places.push(place)
    const masked = { ...step, selected_tool: step.selected_tool && (await this.#parts.mask.name(step.selected_tool)) }
    withStep(session.totals, masked)
    if (session.first_at === null || step.at < session.first_at) session.first_at = step.at
    if (session.last_at === null || step.at > session.last_at) session.last_at = step.at
    this.#summing.add(masked, session.model_name)
    if (isDenied(step)) this.#denied.push({ of: surveyed, place })
  }

  /** Told of the end of a session, when its steps have been. */
  closed({ stream, principal, at }: Entry): void {
    const surveyed = this.#sessions.get(keyOf(principal, stream.slice('session:'.length)))
    if (surveyed?.session.kind === 'opened') surveyed.session.closed_at = at
  }

  /** A session that is reported even when nothing was done in it. */
  async mention(principal: string, id: string): Promise<void> {
    await this.#session(principal, id)
  }

  /** All that was added, the sessions by their beginning and their steps by their place. */
  result() {
    const sessions = [...this.#sessions.values()]
    for (const { places } of sessions) places.sort(byEnd)
    return {
      sessions,
      denied: this.#denied.sort((one, other) => byEnd(one.place, other.place)),
      summary: this.#summing.summary(sessions.length),
      charts: this.#summing.charts(),
    }
  }

  /** What says whose it is: of a call its intent, also when that was long before its end. */
  async #firstOf(told: Told): Promise<Entry> {
    const step = told.find(({ type }) => type === 'session.step')
    const first = step ?? told[0]!
    if (first.type !== 'call.ended') return first
    const [intent = first] = await this.#parts.store.readStream(first.tenant, first.stream, -1, 1)
    return intent
  }

  async #session(principal: string, id: string | null): Promise<Surveyed> {
    const key = keyOf(principal, id)
    let surveyed = this.#sessions.get(key)
    if (surveyed === undefined) {
      const opened = id === null ? undefined : await openingOf(this.#parts.store, this.#wanted.tenant, id)
      const session = begun(principal, await this.#nameOf(principal), id, opened)
      surveyed = { session: await this.#parts.mask.session(session), places: [] }
      this.#sessions.set(key, surveyed)
    }
    return surveyed
  }

  async #nameOf(principal: string): Promise<string | null> {
    let name = this.#names.get(principal)
    if (name === undefined) {
      name = await this.#parts.nameOf(this.#wanted.tenant, principal)
      this.#names.set(principal, name)
    }
    return name
  }
}

/** The line that says that a session was opened here; undefined for other ids. */
export async function openingOf(
  store: Pick<JournalStore, 'readStream'>,
  tenant: string,
  id: string,
): Promise<Entry | undefined> {
  if (!isId(id)) return undefined
  const [first] = await store.readStream(tenant, `session:${id}`, -1, 1)
  return first?.type === 'session.opened' ? first : undefined
}

function begun(principal: string, name: string | null, id: string | null, opened: Entry | undefined): ReportSession {
  // To others the id of a session is a word like any other.
  const data = opened?.principal === principal ? opened.data : null
  return {
    closed_at: null,
    first_at: null,
    kind: data !== null ? 'opened' : id !== null ? 'named' : 'loose',
    last_at: null,
    model_name: typeof data?.['model'] === 'string' ? data['model'] : null,
    name: typeof data?.['name'] === 'string' ? data['name'] : null,
    opened_at: data === null ? null : opened!.at,
    principal: { id: principal, name },
    session_id: id,
    totals: { cost: 0, decisions: {}, denied: 0, steps: 0, tokens_in: 0, tokens_out: 0, unpriced: 0 },
  }
}

function sessionOf({ type, stream, data }: Entry): string | null {
  if (type === 'session.step') return stream.slice('session:'.length)
  return typeof data['session'] === 'string' ? data['session'] : null
}

function keyOf(principal: string, session: string | null): string {
  return `${principal} ${session ?? ''}`
}

function byEnd(one: Place, other: Place): number {
  return one.at(-1)! - other.at(-1)!
}
