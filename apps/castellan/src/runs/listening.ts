import { type Begun, Recent } from '../kernel/index.ts'
import type { FarAnswer } from './far-ears.ts'
import type { ModelDelta } from './model.ts'
import type { Piece, Spoken } from './piece.ts'

/** One answer of a model. */
export interface Answer {
  readonly run: Spoken
  readonly step: string
  /** Which hold of the run it is made in. */
  readonly hold: number
}

export interface Listener {
  readonly tenant: string
  /** Whether it wants to hear of a run, now. */
  wants(run: string): boolean
  /** Must not wait: whoever cannot take a piece lets it go. */
  hear(piece: Piece): void
}

export interface ListeningParts {
  /** Whether what a model says in a run may be heard before it is whole, now. */
  readonly mayBeHeard: (run: Spoken) => boolean
  /** A text that goes on, without the secrets that are known. */
  readonly conceal: (text: string) => Begun
  /** Those who listen on other nodes; null where there are none. */
  readonly ears: { begin(run: Spoken): Pick<FarAnswer, 'isWanted' | 'tell' | 'end'> } | null
  /** Whether anybody listens here, from now on. Resolves once others may know; never rejects. */
  readonly onListened: (isListened: boolean) => Promise<void>
  readonly onBug: (error: unknown) => void
}

/**
 * What models say in this process and, as far as somebody here wants it, in others, piece by piece, for those of the same tenant who
 * listen at the moment. Nothing of it is kept, and no model waits for anybody. Of one answer there is at most one piece in {@link PAUSE}
 * milliseconds; where nobody may listen, or wants to, nothing is put together.
 */
export class Listening {
  readonly #parts: ListeningParts
  readonly #listeners = new Map<string, Set<Listener>>()
  /** The greatest hold of each run of which somebody here heard. */
  readonly #holds = new Recent<string, number>(HOLDS_KEPT)
  #announced: Promise<void> = Promise.resolve()

  constructor(parts: ListeningParts) {
    this.#parts = parts
  }

  /** Resolves once other nodes may know that somebody listens here. */
  get announced(): Promise<void> {
    return this.#announced
  }

  /** Gives what ends it. */
  add(listener: Listener): () => void {
    const { tenant } = listener
    const others = this.#listeners.get(tenant)
    if (others) others.add(listener)
    else this.#listeners.set(tenant, new Set([listener]))
    if (!others && this.#listeners.size === 1) this.#announced = this.#parts.onListened(true)
    return () => {
      const left = this.#listeners.get(tenant)
      if (!left?.delete(listener) || left.size > 0) return
      this.#listeners.delete(tenant)
      if (this.#listeners.size === 0) this.#announced = this.#parts.onListened(false)
    }
  }

  /** A model begins to answer. */
  begin(answer: Answer): Aloud {
    const { run, step, hold } = answer
    const { ears, conceal, mayBeHeard } = this.#parts
    const far = ears?.begin(run) ?? null
    const isHeard = () => {
      const isWanted = this.#isWanted(run)
      if ((!isWanted && far === null) || !mayBeHeard(run)) return false
      // Those elsewhere are asked, whoever listens here.
      return (far?.isWanted() ?? false) || isWanted
    }
    const tell = (said: Pick<Piece, 'is' | 'from' | 'text'>) => {
      // It may be otherwise than when the piece was begun.
      if (!isHeard()) return
      const piece = { run: run.id, step, hold, ...said }
      far?.tell(piece)
      this.#tellHere(run, piece)
    }
    return new Aloud({ isHeard, tell, conceal, far })
  }

  /** Whether somebody here wants to hear of a run, and may. */
  wants(run: Spoken): boolean {
    return this.#isWanted(run) && this.#parts.mayBeHeard(run)
  }

  /** Another node has told of a run that it drives. */
  hear(run: Spoken, piece: Piece): void {
    if (this.wants(run)) this.#tellHere(run, piece)
  }

  #isWanted({ id, tenant }: Spoken): boolean {
    for (const listener of this.#listeners.get(tenant) ?? []) if (listener.wants(id)) return true
    return false
  }

  #tellHere({ id, tenant }: Spoken, piece: Piece): void {
    // A process that stood still may go on for a moment with what another has begun anew.
    if (piece.hold < (this.#holds.get(id) ?? 0)) return
    this.#holds.set(id, piece.hold)
    for (const listener of this.#listeners.get(tenant) ?? []) {
      try {
        if (listener.wants(id)) listener.hear(piece)
      } catch (error) {
        this.#parts.onBug(error)
      }
    }
  }
}

interface AloudParts extends Pick<ListeningParts, 'conceal'> {
  readonly isHeard: () => boolean
  readonly tell: (piece: Pick<Piece, 'is' | 'from' | 'text'>) => void
  readonly far: Pick<FarAnswer, 'end'> | null
}

/** One answer of a model, while it is made. */
class Aloud {
  readonly #parts: AloudParts
  readonly #said = { text: 0, reasoning: 0 }
  /** What may be the beginning of a secret. */
  readonly #held = { text: '', reasoning: '' }
  /** What will be told next, the older first. */
  readonly #next = new Map<Piece['is'], { readonly from: number; text: string }>()
  #timer: NodeJS.Timeout | undefined

  constructor(parts: AloudParts) {
    this.#parts = parts
    // Whoever listens elsewhere can say so before there is anything to hear.
    parts.isHeard()
  }

  say({ is, text: said }: ModelDelta): void {
    const { told: text, held } = this.#parts.conceal(this.#held[is] + said)
    this.#held[is] = held
    if (text === '') return
    const from = this.#said[is]
    this.#said[is] += text.length
    const begun = this.#next.get(is)
    if (begun) begun.text += text
    else if (this.#parts.isHeard()) {
      this.#next.set(is, { from, text })
      this.#timer ??= setTimeout(() => this.#turn(), PAUSE)
    }
  }

  /** What was not told yet is not told any more: whoever wants it has it whole in a moment, or it was given up. */
  end(): void {
    clearTimeout(this.#timer)
    this.#parts.far?.end()
  }

  #turn(): void {
    const [[is, piece] = []] = this.#next
    if (is === undefined || piece === undefined) return
    this.#next.delete(is)
    this.#timer = this.#next.size === 0 ? undefined : setTimeout(() => this.#turn(), PAUSE)
    this.#parts.tell({ is, ...piece })
  }
}

const PAUSE = 50
const HOLDS_KEPT = 1_000
