/** Milliseconds for which a caller may wait for a person to decide about its call. */
export const LONGEST_WAIT = 10 * 60_000
