import type { Finding } from './finding.ts'
import type { Stage } from './signal.ts'

/**
 * Somebody else who looks at texts: a service, or a model. What is asked of one is asked of all in
 * `guardrail-provider.testsuite.ts`.
 */
export interface GuardrailProvider {
  /** As it is configured, and as findings and settings name it. */
  readonly name: string
  /** What it is, such as `http`. */
  readonly kind: string
  /** Parts that have to be installed first, and how; empty when all is there. */
  missing(): readonly string[]
  /** Loads what it needs, so that nobody waits for that later; settles when that is done, well or not. Never rejects. */
  prepare(): Promise<void>
  /**
   * What it sees in a text, without a place when it does not say where. Settles soon after the signal aborts, and never rejects.
   */
  ask(question: { readonly text: string; readonly stage: Stage }, signal: AbortSignal): Promise<ProviderAnswer>
  /** Ends everything under way. Idempotent. */
  close(): Promise<void>
}

export type ProviderAnswer =
  | {
      readonly is: 'found'
      readonly findings: readonly ProviderFinding[]
      /** Of its model or rules: changes whenever some text could be judged differently, as far as it knows. */
      readonly version: string
    }
  | {
      readonly is: 'failed'
      /** In our own words: neither secrets nor anything of the text. */
      readonly why: string
    }

/** A finding of the whole text when it has no place. */
export interface ProviderFinding extends Pick<Finding, 'metric' | 'category' | 'confidence'> {
  /** In UTF-16 code units of the text that it was asked about, half open. */
  readonly place: { readonly start: number; readonly end: number } | null
}
