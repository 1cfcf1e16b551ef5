import { type Clock, isFault } from '../kernel/index.ts'
import type { Piece, Spoken } from './piece.ts'

/** Another node on which somebody listens, as long as it can be reached. None of its methods waits, or throws. */
export interface Ear {
  /** Asks whether somebody there wants to hear of a run. */
  ask(run: Spoken): void
  /** A node that cannot take a piece goes without. */
  tell(run: Spoken, piece: Piece): void
  close(): void
}

export interface EarEvents {
  /** The answer to a question, for now. */
  readonly onWanted: (run: string, isWanted: boolean) => void
  /** It cannot be reached any more, or never could. */
  readonly onClosed: () => void
}

export interface FarEarsParts {
  /** The other nodes on which somebody listens: their addresses by their ids. Throws `STORE_UNAVAILABLE`. */
  readonly listening: () => Promise<ReadonlyMap<string, string>>
  readonly open: (address: string, events: EarEvents) => Promise<Ear>
  readonly clock: Pick<Clock, 'monotonic'>
  readonly onBug: (error: unknown) => void
}

/**
 * Those who listen on other nodes to what models say in this process. They are looked for when an answer begins that may be heard, and
 * each {@link AGAIN} milliseconds while more of it comes: where no model speaks nothing is open for long, and where nobody listens nothing
 * is opened. There is one connection to a node, whatever is told over it.
 */
export class FarEars {
  readonly #parts: FarEarsParts
  /** By the ids of their nodes. */
  readonly #ears = new Map<string, Ear>()
  readonly #answers = new Set<FarAnswer>()
  #looked = -Infinity
  #looking: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null
  #idle: NodeJS.Timeout | undefined
  #closed = false

  constructor(parts: FarEarsParts) {
    this.#parts = parts
  }

  /** A model begins to speak. Nobody is asked before the answer is asked whether anybody wants it. */
  begin({ id, tenant, session }: Spoken): FarAnswer {
    clearTimeout(this.#idle)
    const answer: FarAnswer = new FarAnswer(
      { id, tenant, session },
      {
        now: () => this.#parts.clock.monotonic(),
        ask: isFirst => this.#ask(answer, isFirst),
        end: () => this.#end(answer),
      },
    )
    this.#answers.add(answer)
    return answer
  }

  /** Resolves once nobody is connected to, or will be. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    await (this.#next ?? this.#looking)
    for (const ear of this.#ears.values()) ear.close()
  }

  #ask(answer: FarAnswer, isFirst: boolean): void {
    if (!isFirst && this.#parts.clock.monotonic() - this.#looked < AGAIN) return answer.ask(this.#ears.values())
    void this.#look().then(() => {
      if (this.#answers.has(answer)) answer.ask(this.#ears.values())
    })
  }

  /** One look after the other. Who comes during one is for the next: of what has become known to them that one may know nothing. */
  #look(): Promise<void> {
    return (this.#next ??= this.#looking.then(() => {
      this.#next = null
      return (this.#looking = this.#lookNow())
    }))
  }

  async #lookNow(): Promise<void> {
    const { listening, clock, onBug } = this.#parts
    if (this.#closed) return
    this.#looked = clock.monotonic()
    try {
      const found = await listening()
      for (const [node, ear] of this.#ears) if (!found.has(node)) ear.close()
      const missing = [...found].filter(([node]) => !this.#ears.has(node))
      await Promise.all(missing.map(each => this.#open(...each)))
    } catch (error) {
      // Those who are known are told all the same.
      if (!isFault(error, 'STORE_UNAVAILABLE')) onBug(error)
    }
  }

  async #open(node: string, address: string): Promise<void> {
    /** What happens before it is there is of no use to anybody. */
    const opened: { ear: Ear | null; isOver: boolean } = { ear: null, isOver: false }
    const hearWish = (isWanted: boolean, run?: string) => {
      if (!opened.ear) return
      for (const answer of this.#answers)
        if (run === undefined || answer.run.id === run) answer.hearWish(opened.ear, isWanted)
    }
    const ear = await this.#parts.open(address, {
      onWanted: (run, isWanted) => hearWish(isWanted, run),
      onClosed: () => {
        opened.isOver = true
        if (opened.ear) this.#ears.delete(node)
        hearWish(false)
      },
    })
    if (opened.isOver) return
    if (this.#closed) return ear.close()
    opened.ear = ear
    this.#ears.set(node, ear)
  }

  #end(answer: FarAnswer): void {
    this.#answers.delete(answer)
    if (this.#answers.size > 0 || this.#ears.size === 0 || this.#closed) return
    this.#idle = setTimeout(() => {
      for (const ear of this.#ears.values()) ear.close()
    }, IDLE)
  }
}

interface FarAnswerParts {
  readonly now: () => number
  readonly ask: (isFirst: boolean) => void
  readonly end: () => void
}

/** One answer, for those who want to hear it elsewhere. */
export class FarAnswer {
  readonly run: Spoken
  readonly #parts: FarAnswerParts
  readonly #hearers = new Set<Ear>()
  /** Those of whom it is not known yet; null while it is not known who there is. */
  #silent: Set<Ear> | null = null
  /** What was said until it is known who wants it; null from then on. */
  #early: Piece[] | null = []
  #earlyLength = 0
  #began: number | null = null
  #asked = -Infinity

  constructor(run: Spoken, parts: FarAnswerParts) {
    this.run = run
    this.#parts = parts
  }

  /** Whether anybody wants it, as far as is known; or may, as long as nobody has had the time to say so. */
  isWanted(): boolean {
    const now = this.#parts.now()
    this.#began ??= now
    if (now - this.#began > PATIENCE) this.#early = null
    if (now - this.#asked >= AGAIN) {
      const isFirst = this.#asked === -Infinity
      this.#asked = now
      this.#parts.ask(isFirst)
    }
    return this.#hearers.size > 0 || this.#early !== null
  }

  tell(piece: Piece): void {
    for (const ear of this.#hearers) ear.tell(this.run, piece)
    if (this.#early === null) return
    this.#early.push(piece)
    this.#earlyLength += piece.text.length
    if (this.#earlyLength > MOST_EARLY) this.#early = null
  }

  ask(ears: Iterable<Ear>): void {
    const asked = [...ears]
    this.#silent ??= new Set(asked)
    this.#settle()
    for (const ear of asked) ear.ask(this.run)
  }

  hearWish(ear: Ear, isWanted: boolean): void {
    this.#silent?.delete(ear)
    if (!isWanted) this.#hearers.delete(ear)
    else if (!this.#hearers.has(ear)) {
      this.#hearers.add(ear)
      for (const piece of this.#early ?? []) ear.tell(this.run, piece)
    }
    this.#settle()
  }

  end(): void {
    this.#early = null
    this.#parts.end()
  }

  #settle(): void {
    if (this.#silent?.size === 0) this.#early = null
  }
}

/** Milliseconds. */
const AGAIN = 500
/** Milliseconds for others to say at the beginning of an answer that they want it. */
const PATIENCE = 5_000
/** UTF-16 code units that are kept for them until then. */
const MOST_EARLY = 64_000
/** Milliseconds for which connections stay open after the last answer. */
const IDLE = 30_000
