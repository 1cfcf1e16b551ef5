import type { Config, Variables } from '../config/index.ts'
import type { PolicyEngine, PolicyHolder } from '../gate/index.ts'
import type { Guardrails } from '../guardrails/index.ts'
import type { BreakerSettings } from '../kernel/index.ts'

/** A control plane this process started. */
export interface Started {
  readonly url: string
  stop(): Promise<void>
}

/** Guardrails of this process, and the end of what they look with. */
interface GuardrailParts {
  readonly load: () => Promise<Guardrails>
  readonly close: () => Promise<void>
}

/** A step of the store's schema, and when it ran. */
export interface MigrationStep {
  readonly number: number
  readonly name: string
  readonly digest: string
  /** RFC 3339; null when it has not run. */
  readonly appliedAt: string | null
}

/** What was moved of a table. */
export interface MovedRows {
  readonly table: string
  readonly rows: number
  /** SHA-256 over all rows, 64 hex digits. */
  readonly digest: string
}

/** The terminal, or what stands for it. */
export interface Terminal {
  readonly out: (text: string) => void
  /** Writes out bytes, and resolves when there is room for more. */
  readonly pour: (bytes: Uint8Array) => Promise<void>
  readonly err: (text: string) => void
  /** Whether a person watches the error stream. */
  readonly interactive: boolean
  /** Whether what is written out goes to a screen, which shows colours. */
  readonly screen: boolean
  /** Asks a person one question; null when nobody is there to answer. */
  readonly ask: ((question: string, signal: AbortSignal) => Promise<string>) | null
  /** Everything on standard input. */
  readonly input: () => Promise<string>
  /** Aborts when the process is asked to end. Until it is asked for, a signal ends the process at once. */
  readonly interruption: () => AbortSignal
  /** Aborts when nobody reads the output any more. */
  readonly readerGone: AbortSignal
}

/** What the commands stand on; `main.ts` hands it in, tests hand in their own. */
export interface World extends Terminal {
  readonly variables: Variables
  readonly start: (
    config: Config,
    surroundings: { variables: Variables; write: (line: string) => void; breaker?: BreakerSettings },
  ) => Promise<Started>
  readonly policyEngine: () => Promise<PolicyEngine & PolicyHolder>
  readonly guardrails: (config: Config) => Promise<GuardrailParts>
  /** Brings the store of these settings up to date. Throws what opening it throws. */
  readonly migrate: (config: Config) => Promise<readonly MigrationStep[]>
  /** Moves the embedded store of these settings to a database, whose URL is also given as people may see it. Throws what moving throws. */
  readonly move: (config: Config, url: string, shown: string) => Promise<readonly MovedRows[]>
}
