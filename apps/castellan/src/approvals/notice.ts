/** That somebody outside is to be told of a question, and how far that has got. */
export interface Notice {
  /** That of the approval. */
  readonly id: string
  readonly tenant: string
  readonly url: string
  /** Name of the stored secret that signs it. */
  readonly secret: string
  /** How often it was tried. */
  readonly attempts: number
  /** When it is tried next, RFC 3339; null when it arrived or was given up. */
  readonly nextAt: string | null
  readonly version: number
}

/** Attempts after which a notice is given up; with {@link pauseAfter} that is some hours later. */
export const MOST_ATTEMPTS = 10

/** Milliseconds before the next attempt: five seconds, doubled each time, at most an hour, and up to a fifth more by chance. */
export function pauseAfter(attempts: number, chance: number): number {
  const base = Math.min(60 * 60_000, 5_000 * 2 ** (attempts - 1))
  return Math.round(base * (1 + chance / 5))
}
