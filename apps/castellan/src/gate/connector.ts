import type { Fault, JsonObject } from '../kernel/index.ts'
import type { Authorization, Connection, Discovery, Timeouts, Transport } from '../registry/index.ts'
import type { AllowedCall } from './allowed-call.ts'
import type { UpstreamError } from './verdict.ts'

/** One replica of a server with everything needed to reach it. Holds secrets in the clear: never log it. */
export interface Target {
  readonly serverId: string
  readonly server: string
  /** 0 for the first replica. */
  readonly replica: number
  /**
   * What all processes call the connections that lead to the same server by the same settings; begins with its id. Absent for those of
   * one client alone.
   */
  readonly pool?: string
  readonly connection: Connection
  /** URL of this replica; empty for stdio. */
  readonly endpoint: string
  /** Environment variables or headers, resolved. */
  readonly values: Readonly<Record<string, string>>
  readonly timeouts: Timeouts
  /** Gives tokens to send along, for a server that wants those of an authorization server. */
  readonly authorization?: Authorization
  /**
   * MCP client capabilities to announce to a server that wants to know them once, for all calls of the connection. A server
   * that is told with each request is told those of the caller instead.
   */
  readonly announces: JsonObject
}

/** How a server's answer, or the lack of one, came back. Faults of transport are values here: what is retried depends on them. */
export type Reply =
  | { readonly is: 'result'; readonly result: JsonObject }
  | { readonly is: 'error'; readonly error: UpstreamError }
  /** The server wants to know more of the caller before it goes on; nothing of it waits meanwhile. */
  | { readonly is: 'inputRequired'; readonly result: JsonObject }
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
      /** Set when what broke is ours, such as another node on the way: it says nothing about the server. */
      readonly ours?: true
      /** What it is, when that is nothing of the transport: `UPSTREAM_AUTHORIZATION_REQUIRED`. */
      readonly fault?: Fault
    }

export interface CallIo {
  /** Aborts on cancellation and timeout; the connector passes it all the way down and settles promptly. */
  readonly signal: AbortSignal
  /** Params of `notifications/progress` without the token. Given only when the caller asked for progress. */
  readonly onProgress: ((params: JsonObject) => void) | null
  /** The client behind the call; null when nobody is there to be told or asked anything. */
  readonly client: CallerClient | null
}

/** What a server may want of the client behind a call, as far as that client can. */
export interface CallerClient {
  /** The same for all calls of one client that can be asked about any of them; for others, of this call alone. */
  readonly id: string
  /** MCP client capabilities as the client announced them, such as `{ elicitation: { form: {} } }`. */
  readonly capabilities: JsonObject
  /** The least severe MCP `LoggingLevel` it wants to hear; null when it never asked for log messages. */
  readonly logLevel: string | null
  /** Whether it can be told by a result that more is wanted of it; otherwise it is asked while the call is under way. */
  readonly takesInputRequired: boolean
  /** Hands on a notification that belongs to the call, such as `notifications/message`; progress has its own way. */
  readonly notify: (method: string, params: JsonObject) => void
  /**
   * Asks it `elicitation/create`, `sampling/createMessage` or `roots/list`, and settles with its answer as it came; with an
   * error when it cannot do that, or has gone. Never rejects.
   */
  readonly ask: (method: string, params: JsonObject, signal: AbortSignal) => Promise<ClientAnswer>
}

export type ClientAnswer =
  { readonly is: 'result'; readonly result: JsonObject } | { readonly is: 'error'; readonly error: UpstreamError }

/** An open connection to one replica. */
export interface Link {
  discover(signal: AbortSignal): Promise<Discovery>
  /** The cheapest question that proves the server is alive, by era. Throws as {@link Connector.open}. */
  probe(signal: AbortSignal): Promise<void>
  /** Never throws for what the server or the transport does; an aborted call is `broken`. */
  call(allowed: AllowedCall, io: CallIo): Promise<Reply>
  /** Ends what a call of `resources/subscribe` began. Never throws; absent where resources cannot be watched. */
  unwatch?(uri: string): void
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
   * Connects and greets the server. Throws `UPSTREAM_UNREACHABLE`, `UPSTREAM_PROTOCOL`, `UPSTREAM_TIMEOUT`,
   * `UPSTREAM_AUTHORIZATION_REQUIRED` or `DOCUMENT_INVALID`; leaves nothing behind when it throws.
   */
  open(target: Target, events: LinkEvents, signal: AbortSignal): Promise<Link>
}
