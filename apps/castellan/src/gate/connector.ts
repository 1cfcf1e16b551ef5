import type { JsonObject } from '../kernel/index.ts'
import type { Connection, Discovery, Timeouts, Transport } from '../registry/index.ts'
import type { AllowedCall } from './allowed-call.ts'
import type { UpstreamError } from './verdict.ts'

/** One replica of a server with everything needed to reach it. Holds secrets in the clear: never log it. */
export interface Target {
  readonly serverId: string
  readonly server: string
  /** 0 for the first replica. */
  readonly replica: number
  readonly connection: Connection
  /** URL of this replica; empty for stdio. */
  readonly endpoint: string
  /** Environment variables or headers, resolved. */
  readonly values: Readonly<Record<string, string>>
  readonly timeouts: Timeouts
}

/** How a server's answer, or the lack of one, came back. Faults of transport are values here: what is retried depends on them. */
export type Reply =
  | { readonly is: 'result'; readonly result: JsonObject }
  | { readonly is: 'error'; readonly error: UpstreamError }
  | {
      readonly is: 'broken'
      /** False only when it is certain that not a byte of the request reached the server. */
      readonly sent: boolean
      /** Whether another attempt may help: transport faults, 408, 425, 429 and 5xx. */
      readonly retryable: boolean
      /** Milliseconds the server asked to wait, when it did. */
      readonly retryAfter: number | null
      /** Free of secrets. */
      readonly why: string
    }

export interface CallIo {
  /** Aborts on cancellation and timeout; the connector passes it all the way down and settles promptly. */
  readonly signal: AbortSignal
  /** Params of `notifications/progress` without the token. Given only when the caller asked for progress. */
  readonly onProgress: ((params: JsonObject) => void) | null
}

/** An open connection to one replica. */
export interface Link {
  discover(signal: AbortSignal): Promise<Discovery>
  /** The cheapest question that proves the server is alive, by era. Throws as {@link Connector.open}. */
  probe(signal: AbortSignal): Promise<void>
  /** Never throws for what the server or the transport does; an aborted call is `broken`. */
  call(allowed: AllowedCall, io: CallIo): Promise<Reply>
  /** Idempotent; afterwards no process, socket or timer of the link is left. */
  close(): Promise<void>
  /** Settles with the reason once the link is of no more use, whoever ended it; free of secrets. */
  readonly closed: Promise<string>
}

export interface LinkEvents {
  /** The server says that a list changed. */
  readonly onListChanged: (list: 'tools' | 'resources' | 'prompts') => void
  /** A resource someone subscribed to changed. */
  readonly onResourceUpdated?: (uri: string) => void
  /** A log message of the server: a line of stderr, or `notifications/message`. */
  readonly onLog?: (line: string) => void
}

/** The port that makes servers of some transports callable. Every adapter passes `connector.testsuite.ts`. */
export interface Connector {
  readonly transports: readonly Transport[]
  /**
   * Connects and greets the server. Throws `UPSTREAM_UNREACHABLE`, `UPSTREAM_PROTOCOL`, `UPSTREAM_TIMEOUT` or
   * `DOCUMENT_INVALID`; leaves nothing behind when it throws.
   */
  open(target: Target, events: LinkEvents, signal: AbortSignal): Promise<Link>
}
