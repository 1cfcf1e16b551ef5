/**
 * A stretch of a text that is a secret, as far as a rule can tell; with a confidence of 0 it is none, and the rule need not be
 * asked about places inside of it.
 */
export interface Sighting {
  readonly category: string
  readonly start: number
  readonly end: number
  readonly confidence: number
}

/** Knows one kind of secret, and by which letters a text betrays that it may hold one. */
export interface Rule {
  /** In lower case; a place where none of them is, in small letters or capitals, is never looked at. */
  readonly literals: readonly string[]
  /**
   * Looks at a place where one of the literals is. It reads no further than some hundred characters around it, or past
   * what no second place can make it read again, so that a text full of literals is still read in linear time.
   */
  look(text: string, start: number, end: number): Sighting | undefined
}
