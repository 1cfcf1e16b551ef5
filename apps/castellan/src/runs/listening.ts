import type { ModelDelta } from './model.ts'
import type { Run } from './run.ts'

/** Some of what a model says, while it says it. */
export interface Piece {
  readonly run: string
  readonly step: string
  readonly is: ModelDelta['is']
  /** How much of this kind it had said before in this step, in UTF-16 code units. */
  readonly from: number
  readonly text: string
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
  readonly mayBeHeard: (run: Run) => boolean
  readonly onBug: (error: unknown) => void
}

/**
 * What models say in this process, piece by piece, for those of the same tenant who listen at the moment. Nothing of it is kept, and no
 * model waits for anybody. Of one step there is at most one piece in {@link PAUSE} milliseconds; where nobody may listen, or wants to,
 * nothing is put together.
 */
export class Listening {
  readonly #parts: ListeningParts
  readonly #listeners = new Map<string, Set<Listener>>()

  constructor(parts: ListeningParts) {
    this.#parts = parts
  }

  /** Gives what ends it. */
  add(listener: Listener): () => void {
    const { tenant } = listener
    const others = this.#listeners.get(tenant)
    if (others) others.add(listener)
    else this.#listeners.set(tenant, new Set([listener]))
    return () => {
      const left = this.#listeners.get(tenant)
      if (left?.delete(listener) && left.size === 0) this.#listeners.delete(tenant)
    }
  }

  /** A model begins to answer. */
  begin(run: Run, step: string): Aloud {
    return new Aloud(
      () => this.#isHeard(run),
      piece => this.#tell(run, { run: run.id, step, ...piece }),
    )
  }

  #isHeard(run: Run): boolean {
    for (const listener of this.#listeners.get(run.tenant) ?? [])
      if (listener.wants(run.id)) return this.#parts.mayBeHeard(run)
    return false
  }

  #tell(run: Run, piece: Piece): void {
    // It may be otherwise than when the piece was begun.
    if (!this.#isHeard(run)) return
    for (const listener of this.#listeners.get(run.tenant) ?? []) {
      try {
        if (listener.wants(run.id)) listener.hear(piece)
      } catch (error) {
        this.#parts.onBug(error)
      }
    }
  }
}

/** One answer of a model, while it is made. */
class Aloud {
  readonly #isHeard: () => boolean
  readonly #tell: (piece: Pick<Piece, 'is' | 'from' | 'text'>) => void
  readonly #said = { text: 0, reasoning: 0 }
  /** What will be told next, the older first. */
  readonly #next = new Map<Piece['is'], { readonly from: number; text: string }>()
  #timer: NodeJS.Timeout | undefined

  constructor(isHeard: () => boolean, tell: (piece: Pick<Piece, 'is' | 'from' | 'text'>) => void) {
    this.#isHeard = isHeard
    this.#tell = tell
  }

  say({ is, text }: ModelDelta): void {
    const from = this.#said[is]
    this.#said[is] += text.length
    const begun = this.#next.get(is)
    if (begun) begun.text += text
    else if (this.#isHeard()) {
      this.#next.set(is, { from, text })
      this.#timer ??= setTimeout(() => this.#turn(), PAUSE)
    }
  }

  /** What was not told yet is not told any more: whoever wants it has it whole in a moment, or it was given up. */
  end(): void {
    clearTimeout(this.#timer)
  }

  #turn(): void {
    const [[is, piece] = []] = this.#next
    if (is === undefined || piece === undefined) return
    this.#next.delete(is)
    this.#timer = this.#next.size === 0 ? undefined : setTimeout(() => this.#turn(), PAUSE)
    this.#tell({ is, ...piece })
  }
}

const PAUSE = 50
