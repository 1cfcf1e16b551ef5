/** Times the same may be asked of the same tool. */
export const SAME_CALLS = 3
/** Milliseconds for what is under way when the time is up, and for the answer. */
export const LAST_WORDS = 10_000
