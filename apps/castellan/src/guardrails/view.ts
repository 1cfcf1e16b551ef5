import type { Words } from './linear/index.ts'

/** One way a text was changed to see what it says. */
export type Transformation = 'normalised' | 'plain-letters' | 'base64' | 'hex' | 'url' | 'escapes' | 'rot13'

/** A text as it can be read, and where in the given text each stretch of it came from. */
export interface View {
  readonly text: string
  /** From the given text to this one; empty when it is the given text itself. */
  readonly through: readonly Transformation[]
  /** The stretch of the given text from which `[start, end)` of this text was made; for decoded text, the whole encoded stretch. */
  original(start: number, end: number): { readonly start: number; readonly end: number }
  /** The words of the text, once somebody asked `wordsIn` for them. */
  words?: Words
}

/** All the ways one text can be read; the first is the text as it was given. */
export interface Views {
  readonly text: string
  readonly all: readonly View[]
  /** Stretches of the given text that no reader sees: zero-width, bidirectional and tag characters. */
  readonly hidden: readonly {
    readonly start: number
    readonly end: number
    readonly kind: 'zero-width' | 'bidi' | 'tag'
  }[]
}
