import type { Fault } from '../../kernel/index.ts'

/** A refusal that may have to do with authorization. */
export interface Challenge {
  readonly status: 401 | 403
  readonly wwwAuthenticate: string | null
  /** The token the refused request carried. */
  readonly token: string | null
}

/**
 * - `again`: there is a token that was not refused yet, so the request may be repeated;
 * - `needed`: nothing helps but a person;
 * - `other`: the refusal has nothing to do with authorization.
 */
export type Remedy = 'again' | 'needed' | 'other'

/** Lets requests into a server that wants tokens of an authorization server. For transports; one for all of a server's. */
export interface Authorization {
  /**
   * What goes out as `Authorization: Bearer`; null when nothing is known that the server wants. Renews what is about to
   * expire. Throws `UPSTREAM_AUTHORIZATION_REQUIRED` when it is known that the server lets nobody in, and
   * `UPSTREAM_UNREACHABLE` when what has expired cannot be renewed now.
   */
  token(): Promise<string | null>
  /** Told of every refusal with status 401 or 403. Throws `UPSTREAM_UNREACHABLE` when renewing fails for the moment. */
  refused(challenge: Challenge): Promise<Remedy>
  /** What to fail with when a person is needed: `UPSTREAM_AUTHORIZATION_REQUIRED`. */
  required(): Fault
}

/** How it stands between us and a server that wants to be authorized. */
export interface AuthorizationStatus {
  /** `unknown`: no token, and the server was not asked whether it wants one. */
  readonly status: 'unknown' | 'authorized' | 'needed'
  /** Why a person is needed, or why the last attempt failed; free of secrets. */
  readonly reason: string | null
  /** The authorization server the tokens are of. */
  readonly issuer: string | null
  readonly scope: string | null
  readonly authorizedAt: string | null
  /** The principal who let us in. */
  readonly authorizedBy: string | null
  /** Until when a person who was asked may answer; null when nobody is being asked. */
  readonly askedUntil: string | null
}
