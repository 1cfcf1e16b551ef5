import type { SequencedEntry } from '../entry.ts'
import type { Subscription } from './subscription.ts'

/** What became of an attempt to hand an entry over. */
export type Reception =
  | { readonly is: 'accepted' }
  | {
      readonly is: 'refused'
      /** Free of secrets. */
      readonly why: string
      /** Whether somebody answered who is in a state to take others. */
      readonly alive: boolean
      /** Milliseconds for which nothing more is wanted; null when that was not said. */
      readonly retryIn: number | null
    }
  /** Nothing is wanted there any more. */
  | { readonly is: 'gone'; readonly why: string }

/** The port that hands entries over to one kind of target. Ends soon after its signal, and never rejects. */
export type Courier = (subscription: Subscription, entry: SequencedEntry, signal: AbortSignal) => Promise<Reception>
