/** What begins with a group of digits and goes up to another one, not included. */
export interface Sighting {
  readonly upTo: number
  readonly category: string
  readonly confidence: number
  /** Where it ends, if that is behind its last group. */
  readonly end?: number
  /** Where it begins, if that is before its first group. */
  readonly start?: number
}
