import { setImmediate } from 'node:timers/promises'
import type { Actor } from '../../identity/index.ts'
import type { Entry, Journal } from '../../journal/index.ts'
import {
  type Clock,
  type Digest,
  fault,
  isFault,
  isoTime,
  type JsonObject,
  notFound,
  once,
} from '../../kernel/index.ts'
import type { Capability, Discovery } from '../capability.ts'
import type { Server } from '../server.ts'
import { assess, type Inspection } from './assess.ts'
import { type Change, type Definitions, isRisky, type Pin, type PinBook } from './pin.ts'
import type { Pinning } from './pinning.ts'
import type { PinStore } from './pin-store.ts'
import { keyOf, pinId, type Subject, subjectOf, subjectsOf } from './subject.ts'
import { textsIn } from './texts.ts'
import { Neighbours } from './tool-names.ts'

export interface PinsParts {
  readonly store: PinStore
  readonly journal: Journal
  readonly clock: Clock
  /** Looks for orders to a model in the texts of a definition. May throw; then they count as not looked at. */
  readonly inspect: (texts: readonly string[]) => Promise<Inspection>
  /** Told why pins cannot be read, and of bugs of the inspection. */
  readonly onTrouble: (error: unknown) => void
}

/** A pin with where it belongs. */
export interface PinOfServer {
  readonly tenant: string
  readonly server: string
  readonly pin: Pin
}

/** A pin with the definitions it speaks of. */
export interface PinInFull extends PinOfServer {
  /** What changes are measured against; null when nothing was ever approved. */
  readonly was: JsonObject | null
  /** What waits; null when nothing does. */
  readonly is: JsonObject | null
}

/**
 * What was reviewed of what servers offer, kept in memory by tenant and name of the server, so that a call is judged without a
 * read. Every change goes through store and journal first. What cannot be read counts as not reviewed.
 */
export class Pins {
  readonly #parts: PinsParts
  readonly #shelves = new Map<string, Shelf>()
  /** Servers whose pins could not be read when that was tried last. */
  readonly #lost = new Set<string>()
  #loaded = false

  constructor(parts: PinsParts) {
    this.#parts = parts
  }

  /** Reads everything back. Does not throw: what cannot be read is denied, until {@link load} succeeds. */
  async load(): Promise<void> {
    try {
      const books = await this.#parts.store.books()
      this.#shelves.clear()
      for (const book of books) this.#put(book)
      this.#loaded = true
    } catch (error) {
      this.#loaded = false
      this.#parts.onTrouble(error)
    }
  }

  /** Why nothing that is pinned may be used, null when it may. */
  get trouble(): string | null {
    return this.#loaded ? null : 'the pins of all servers cannot be read'
  }

  /** Whether a server offers nothing now since nobody knows whether what it offers is what was reviewed. */
  isLost({ tenant, name }: Server): boolean {
    return this.#lost.has(shelfOf(tenant, name))
  }

  /** Whether anything of a server was ever pinned. */
  knows(server: Server): boolean {
    return this.#shelves.has(shelfOf(server.tenant, server.name))
  }

  /** Why a capability may not be offered or used as it is now; null when it may. Reads nothing but memory. */
  withheld(server: Server, capability: Capability): string | null {
    return this.#withheld(server, subjectOf(capability))
  }

  /** As {@link withheld}, for what a server says of its use. */
  withheldInstructions(server: Server, instructions: Subject): string | null {
    return this.#withheld(server, instructions)
  }

  #withheld({ tenant, name, pinning = 'enforce' }: Server, subject: Subject): string | null {
    if (pinning === 'off' || pinning === 'warn') return null
    const shelf = shelfOf(tenant, name)
    if (!this.#loaded || this.#lost.has(shelf)) return 'the pins of its server cannot be read'
    const pin = this.#shelves.get(shelf)?.byKey.get(keyOf(subject))
    if (pin?.approved?.digest === subject.digest) return null
    if (pin?.waiting?.digest !== subject.digest) return 'its definition was not looked at yet'
    return pin.waiting.rejected ? 'its definition was rejected' : 'its definition waits for review'
  }

  list(tenant: string): readonly PinOfServer[] {
    const shelves = [...this.#shelves.values()].filter(({ book }) => book.tenant === tenant)
    return shelves.flatMap(({ book }) => book.pins.map(pin => ({ tenant, server: book.server, pin })))
  }

  /** Throws `NOT_FOUND`, also for a pin of another tenant, or `STORE_UNAVAILABLE`. */
  async get(tenant: string, id: string): Promise<PinInFull> {
    const found = this.#find(tenant, id)
    return { ...found, ...definitionsOf(found.pin, await this.#parts.store.definitions(tenant, found.server)) }
  }

  /**
   * Compares what a server offers with its pins, pins what may be and quarantines what may not. Resolves with whether anything
   * is judged otherwise than before. Throws `STORE_UNAVAILABLE` when it cannot be written, and then nothing of it counts.
   */
  async review(
    server: Server,
    discovery: Discovery,
    others: readonly { readonly server: Server; readonly capabilities: readonly Capability[] }[],
    actor: Actor,
  ): Promise<boolean> {
    const { pinning = 'enforce' } = server
    const shelf = shelfOf(server.tenant, server.name)
    if (pinning === 'off') return this.#lost.delete(shelf)
    const subjects = subjectsOf(discovery)
    const neighbours = once(() => neighboursOf(server, discovery, others))
    const inspections = new Map<Digest, Promise<Inspection>>()
    const inspected = (subject: Subject) => {
      let inspection = inspections.get(subject.digest)
      if (!inspection) inspections.set(subject.digest, (inspection = this.#inspect(subject)))
      return inspection
    }
    const ruled = this.#change(
      server.tenant,
      server.name,
      async (book, definitions) => {
        const before = new Map(book.pins.map(pin => [keyOf(pin), pin]))
        const differing = subjects.filter(subject => !isSettled(before.get(keyOf(subject)), subject))
        if (differing.length === 0) return null
        const known = before.size === 0 ? {} : await definitions()
        const isLost = book.version === 0 && book.entries > 0
        const ruling = new Ruling(server, book, known, isoTime(this.#parts.clock.now()))
        let turn = this.#parts.clock.monotonic()
        for (const subject of differing) {
          // Servers may offer thousands, and others are waiting.
          if (this.#parts.clock.monotonic() - turn > TURN) {
            await setImmediate()
            turn = this.#parts.clock.monotonic()
          }
          const pin = before.get(keyOf(subject))
          if (!pin && !ruling.hasRoom) continue
          // Pins that were taken away are not trusted anew, either.
          const basis = pin?.approved ? known[pin.approved.basis] : isLost ? undefined : null
          const around = { server: server.name, neighbours: neighbours(), firstSight: before.size === 0 }
          const changes = returned(pin, subject)
            ? []
            : basis === undefined
              ? [LOST_BASIS]
              : assess(subject, basis, await inspected(subject), around)
          ruling.judge(subject, pin, changes, pinning)
        }
        ruling.forgetSome(new Set(subjects.map(keyOf)))
        return ruling.result()
      },
      actor,
    )
    try {
      const moved = await ruled
      const wasLost = this.#lost.delete(shelf)
      return moved || wasLost
    } catch (error) {
      this.distrust(server)
      if (!(error instanceof Unreadable)) throw error
      this.#parts.onTrouble(error.cause)
      return true
    }
  }

  /** A server may have changed, and nobody could write down how: until a {@link review} succeeds it offers nothing. */
  distrust({ tenant, name }: Server): void {
    this.#lost.add(shelfOf(tenant, name))
  }

  /** Lets a definition be offered and called. Throws `NOT_FOUND`, `PIN_CONFLICT`, `STORE_UNAVAILABLE`. */
  approve(id: string, digest: string, actor: Actor): Promise<PinInFull> {
    return this.#decide(id, digest, actor, (pin, at) => {
      if (pin.waiting?.digest === digest) {
        const approved = { digest: pin.waiting.digest, basis: pin.waiting.digest, how: 'review', at } as const
        return { pin: { ...pin, approved: { ...approved, by: actor.principal }, waiting: null }, type: 'approved' }
      }
      return pin.approved?.digest === digest && pin.waiting === null ? null : 'conflict'
    })
  }

  /** Says no to a definition that waits, or takes back that one was approved. Throws as {@link approve}. */
  reject(id: string, digest: string, actor: Actor): Promise<PinInFull> {
    return this.#decide(id, digest, actor, (pin, at) => {
      const rejected = { by: actor.principal, at }
      if (pin.waiting?.digest === digest) {
        if (pin.waiting.rejected) return null
        return { pin: { ...pin, waiting: { ...pin.waiting, rejected } }, type: 'rejected' }
      }
      if (pin.approved?.digest !== digest || pin.waiting !== null) return 'conflict'
      const waiting = { digest: pin.approved.digest, changes: [], since: at, rejected }
      return { pin: { ...pin, approved: null, waiting }, type: 'rejected' }
    })
  }

  async #decide(
    id: string,
    digest: string,
    actor: Actor,
    decide: (pin: Pin, at: string) => { readonly pin: Pin; readonly type: string } | null | 'conflict',
  ): Promise<PinInFull> {
    const { server } = this.#find(actor.tenant, id)
    try {
      await this.#change(
        actor.tenant,
        server,
        async (book, definitions) => {
          const pin = book.pins.find(each => each.id === id)
          if (!pin) throw notFound('pin', id)
          const decided = decide(pin, isoTime(this.#parts.clock.now()))
          if (decided === null) return null
          if (decided === 'conflict') throw conflict(pin, digest)
          const data = { server, pin: id, kind: pin.kind, name: pin.name, digest, before: pin.approved?.digest ?? null }
          return {
            pins: book.pins.map(each => (each.id === id ? decided.pin : each)),
            definitions: await definitions(),
            events: [{ type: `server.pin_${decided.type}`, data }],
          }
        },
        actor,
      )
    } catch (error) {
      throw error instanceof Unreadable ? error.cause : error
    }
    return this.get(actor.tenant, id)
  }

  /** Changes a book as it is in the store, again when somebody else was faster. Throws {@link Unreadable}. */
  async #change(
    tenant: string,
    server: string,
    make: (book: PinBook, definitions: () => Promise<Definitions>) => Promise<Made | null>,
    actor: Actor,
  ): Promise<boolean> {
    const { store, journal } = this.#parts
    for (let attempt = 1; ; attempt++) {
      const stored = await readable(() => store.book(tenant, server))
      const book = stored ?? (await readable(() => this.#blank(tenant, server)))
      const made = await make(book, () => readable(() => store.definitions(tenant, server)))
      if (made === null) return this.#put(book)
      const entries: Entry[] = made.events.map(({ type, data }, index) =>
        journal.seal({
          tenant,
          stream: streamOf(server),
          seq: book.entries + index,
          type,
          principal: actor.principal,
          correlationId: actor.correlationId,
          data,
        }),
      )
      const next: PinBook = {
        tenant,
        server,
        version: book.version + 1,
        entries: book.entries + entries.length,
        pins: made.pins,
      }
      try {
        await store.save(next, spokenOf(next, made.definitions), entries)
      } catch (error) {
        const raced = isFault(error, 'VERSION_CONFLICT') || isFault(error, 'STREAM_CONFLICT')
        if (!raced || attempt === MOST_ATTEMPTS) throw error
        continue
      }
      this.#put(next)
      return true
    }
  }

  /** A book in which nothing was written yet; if the journal says otherwise, it knows how much. */
  async #blank(tenant: string, server: string): Promise<PinBook> {
    const entries = await this.#parts.journal.store.readStream(tenant, streamOf(server))
    return { tenant, server, version: 0, entries: entries.length, pins: [] }
  }

  /** Takes a book into memory; whether it is another than the one that was there. */
  #put(book: PinBook): boolean {
    const shelf = shelfOf(book.tenant, book.server)
    const before = this.#shelves.get(shelf)?.book
    if (book.version === 0 || before?.version === book.version) return false
    this.#shelves.set(shelf, { book, byKey: new Map(book.pins.map(pin => [keyOf(pin), pin])) })
    return true
  }

  #find(tenant: string, id: string): PinOfServer {
    const found = this.list(tenant).find(each => each.pin.id === id)
    if (!found) throw notFound('pin', id)
    return found
  }

  async #inspect({ definition }: Subject): Promise<Inspection> {
    const texts = textsIn(definition)
    if (texts.reduce((sum, { length }) => sum + length, 0) > LONGEST)
      return { findings: [], blind: `its texts are longer than ${LONGEST} characters` }
    try {
      return await this.#parts.inspect(texts)
    } catch (error) {
      this.#parts.onTrouble(error)
      return { findings: [], blind: 'the detectors failed' }
    }
  }
}

const LOST_BASIS: Change = {
  class: 'unreviewed',
  at: '',
  what: 'what was pinned before is not there to compare it with',
}

/** Milliseconds after which others have their turn. */
const TURN = 8
/** Texts of one definition, in characters. */
const LONGEST = 200_000
const MOST_ATTEMPTS = 8
/** Pins of one server. What is beyond them is not pinned, and so not offered. */
const MOST_PINS = 20_000
/** Some servers offer each file or message as a resource, and those that are gone need not be remembered for ever. */
const MOST_GONE = 5_000

interface Shelf {
  readonly book: PinBook
  readonly byKey: ReadonlyMap<string, Pin>
}

interface Made {
  readonly pins: readonly Pin[]
  readonly definitions: Definitions
  readonly events: readonly { readonly type: string; readonly data: JsonObject }[]
}

/** What a review comes to, as it goes from definition to definition. */
class Ruling {
  readonly #server: Server
  readonly #at: string
  readonly #pins: Map<string, Pin>
  readonly #definitions: Record<Digest, JsonObject>
  readonly #first: Record<string, Digest> = {}
  readonly #events: { type: string; data: JsonObject }[] = []

  constructor(server: Server, book: PinBook, definitions: Definitions, at: string) {
    this.#server = server
    this.#at = at
    this.#pins = new Map(book.pins.map(pin => [keyOf(pin), pin]))
    this.#definitions = { ...definitions }
  }

  judge(subject: Subject, before: Pin | undefined, changes: readonly Change[], pinning: Pinning): void {
    const { tenant, name: server } = this.#server
    const { kind, name, digest, definition } = subject
    const pin: Pin = before ?? { id: pinId(tenant, server, subject), kind, name, approved: null, waiting: null }
    const data = { server, pin: pin.id, kind, name, digest, before: pin.approved?.digest ?? null }
    const put = (next: Partial<Pin>) => this.#pins.set(keyOf(subject), { ...pin, ...next })
    this.#definitions[digest] = definition
    if (returned(before, subject)) {
      put({ waiting: null })
      this.#events.push({ type: 'server.pin_restored', data })
      return
    }
    // Whoever was told no does not get in by other words.
    const refused = pin.waiting?.rejected && !pin.approved
    const unreviewed: Change = { class: 'unreviewed', at: '', what: 'a person is to look at it first' }
    const all = pinning === 'review' || refused ? [...changes, unreviewed] : changes
    const approved = { digest, by: 'system', at: this.#at }
    if (all.some(isRisky)) {
      put({ waiting: { digest, changes: all, since: this.#at, rejected: null } })
      this.#events.push({ type: 'server.pin_quarantined', data: { ...data, changes: all.map(told), pinning } })
    } else if (pin.approved) {
      put({ approved: { ...approved, basis: pin.approved.basis, how: 'harmless' }, waiting: null })
      this.#events.push({ type: 'server.pin_renewed', data: { ...data, changes: all.map(told) } })
    } else {
      put({ approved: { ...approved, basis: digest, how: 'first_use' }, waiting: null })
      this.#first[keyOf(subject)] = digest
    }
  }

  get hasRoom(): boolean {
    return this.#pins.size < MOST_PINS
  }

  /** Lets go of the oldest pins of resources that are gone, and that no person ever decided about. */
  forgetSome(offered: ReadonlySet<string>): void {
    const gone = this.#pins
      .entries()
      .filter(([key, { kind, approved, waiting }]) => {
        const ofContent = kind === 'resource' || kind === 'template'
        return ofContent && !offered.has(key) && waiting === null && approved?.how === 'first_use'
      })
      .toArray()
    for (const [key] of gone.slice(0, Math.max(0, gone.length - MOST_GONE))) this.#pins.delete(key)
  }

  result(): Made {
    // One entry for all that was trusted on first use: a server may have thousands.
    const first = Object.keys(this.#first).length === 0 ? [] : [this.#firstUse()]
    return { pins: [...this.#pins.values()], definitions: this.#definitions, events: [...first, ...this.#events] }
  }

  #firstUse() {
    return { type: 'server.pin_first_use', data: { server: this.#server.name, capabilities: { ...this.#first } } }
  }
}

function told({ class: kind, at, what }: Change): JsonObject {
  return { class: kind, at, what }
}

/** Whether a pin already says what is to become of a definition. */
function isSettled(pin: Pin | undefined, { digest }: Subject): boolean {
  if (pin?.waiting) return pin.waiting.digest === digest
  return pin?.approved?.digest === digest
}

/** Whether a server took back what waited. */
function returned(pin: Pin | undefined, { digest }: Subject): boolean {
  return pin?.waiting != null && pin.approved?.digest === digest
}

/** The definitions that a book still speaks of. */
function spokenOf({ pins }: PinBook, definitions: Definitions): Definitions {
  const kept: Record<Digest, JsonObject> = {}
  for (const { approved, waiting } of pins) {
    for (const digest of [approved?.digest, approved?.basis, waiting?.digest]) {
      if (digest !== undefined && definitions[digest]) kept[digest] = definitions[digest]
    }
  }
  return kept
}

function definitionsOf({ approved, waiting }: Pin, definitions: Definitions): Pick<PinInFull, 'was' | 'is'> {
  const one = (digest: Digest | undefined) => (digest === undefined ? null : (definitions[digest] ?? null))
  // As long as nothing waits, what was approved last is what there is to see.
  return { was: one(waiting ? approved?.basis : approved?.digest), is: one(waiting?.digest) }
}

function neighboursOf(
  server: Server,
  { capabilities }: Discovery,
  others: readonly { readonly server: Server; readonly capabilities: readonly Capability[] }[],
): Neighbours {
  const all = [...others.filter(each => each.server.id !== server.id), { server, capabilities }]
  return new Neighbours(
    all.flatMap(({ server: { name }, capabilities: offered }) =>
      offered
        .filter(({ primitive }) => primitive === 'tool')
        .map(capability => ({ server: name, name: capability.name, digest: subjectOf(capability).digest })),
    ),
  )
}

function conflict({ id, approved, waiting }: Pin, digest: string) {
  const why = waiting
    ? `${waiting.digest} waits`
    : approved
      ? `nothing waits, and ${approved.digest} is pinned`
      : 'nothing waits'
  return fault('PIN_CONFLICT', { given: digest.slice(0, 80), pin: id, why })
}

/** Reading the store failed: in whichever way it did, what was reviewed is not known. */
class Unreadable extends Error {}

async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    throw new Unreadable('the pins cannot be read', { cause })
  }
}

function streamOf(server: string): string {
  return `pins:${server}`
}

function shelfOf(tenant: string, server: string): string {
  return `${tenant} ${server}`
}
