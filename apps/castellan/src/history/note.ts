/** Where notes are kept: nothing of one shelf is seen from another. */
export interface Shelf {
  readonly tenant: string
  readonly name: string
}

/** Something an agent wanted to remember. It never changes. */
export interface Note {
  /** UUIDv7: later notes sort later. */
  readonly id: string
  readonly text: string
  readonly tags: readonly string[]
  /** Who wrote it. */
  readonly principal: string
  /** The session it was written in; null when there was none. */
  readonly session: string | null
  /** RFC 3339. */
  readonly at: string
}
