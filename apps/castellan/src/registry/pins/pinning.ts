/**
 * How strictly the definitions of a server are held to their pins:
 *
 *   enforce   what is seen first is pinned, harmless changes are, too, and risky ones are quarantined
 *   review    whatever is new or different waits for a person
 *   warn      what would be quarantined is recorded and shown, and passes
 *   off       nothing is compared
 */
export const pinnings = ['enforce', 'review', 'warn', 'off'] as const
export type Pinning = (typeof pinnings)[number]
