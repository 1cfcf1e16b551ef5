import type { JsonObject } from '../../kernel/index.ts'
import type { Egress } from '../egress.ts'
import type { Challenge } from './authorization.ts'

/** What an authorization server gave us. Secret. */
export interface Tokens {
  readonly access: string
  readonly refresh: string | null
  readonly givenAt: string
  /** Null when the authorization server does not say. Times are ISO. */
  readonly expiresAt: string | null
  readonly scope: string | null
  /** Of no use, and never shown, to any other. */
  readonly issuer: string
}

/** What a server asked for when it refused us. */
export interface Demand {
  readonly resourceMetadataUrl: string | null
  readonly scope: string | null
  /** Whether the token is good, and only allows too little. */
  readonly more: boolean
}

/** A server and who we are towards its authorization server. Holds a secret in the clear. */
export interface Applicant {
  /** Name of the server, for messages. */
  readonly server: string
  /** URL of the server. */
  readonly endpoint: string
  /** Where it may lead us. */
  readonly egress: Egress
  readonly clientId: string | null
  readonly clientSecret: string | null
  readonly issuer: string | null
  readonly clientMetadataUrl: string | null
  /** Where the authorization server sends the person back to. */
  readonly redirectUrl: string
}

/** What an authorizer wants to know the next time: registrations, endpoints, verifiers. Plain JSON; secret. */
export type Memory = JsonObject

export interface Question {
  readonly demand: Demand | null
  /** To be asked for besides what the server demands. */
  readonly scopes: readonly string[]
  /** Comes back with the answer. */
  readonly state: string
}

/** What the authorization server sent a person back with. */
export interface PersonsAnswer {
  readonly code: string | null
  /** Code of an error, instead of a code to redeem. */
  readonly error: string | null
  readonly iss: string | null
}

export type Renewal =
  | { readonly is: 'renewed'; readonly tokens: Tokens; readonly memory: Memory }
  /** For good: only a person can help. `why` is free of secrets. */
  | { readonly is: 'refused'; readonly why: string; readonly memory: Memory }

/**
 * The port to authorization servers. Everything it is told by a server is untrusted: it asks only over https, or on this
 * machine when the server itself is here, with bounds on size and time.
 */
export interface Authorizer {
  /** What a refusal demands; null when it has nothing to do with authorization. */
  demandOf(challenge: Challenge): Promise<Demand | null>
  /** Finds the authorization server and makes us known to it. Throws `AUTHORIZATION_FAILED`. */
  begin(
    applicant: Applicant,
    question: Question,
    memory: Memory,
    signal: AbortSignal,
  ): Promise<{ readonly url: string; readonly memory: Memory }>
  /** Redeems what came of a question; `memory` is what {@link begin} gave. Throws `AUTHORIZATION_FAILED`. */
  finish(
    applicant: Applicant,
    answer: PersonsAnswer,
    memory: Memory,
    signal: AbortSignal,
  ): Promise<{ readonly tokens: Tokens; readonly memory: Memory }>
  /**
   * New tokens for old. With `lookAgain` the server is asked anew which authorization server is its own.
   * Throws `UPSTREAM_UNREACHABLE` when it may go better later.
   */
  renew(applicant: Applicant, tokens: Tokens, memory: Memory, lookAgain: boolean, signal: AbortSignal): Promise<Renewal>
}
