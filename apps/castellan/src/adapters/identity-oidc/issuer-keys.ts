import { createLocalJWKSet, type CryptoKey, errors, type JWTHeaderParameters, type LocalJWKSet } from 'jose'
import { type Clock, type Fault, fault, isFault } from '../../kernel/index.ts'
import { fetchJson } from './fetch-json.ts'
import { discoverKeySet } from './metadata.ts'
import type { OidcSettings } from './oidc-settings.ts'

const MINUTE = 60_000
/** Older keys are fetched anew in the background, so that a key the issuer withdrew stops working. */
const FRESH = 10 * MINUTE
/** Keys of an issuer that is down for longer are not believed any more. */
const LONGEST_LIFE = 24 * 60 * MINUTE
/** Between fetches that tokens with unknown keys may cause: whoever makes up key ids must not turn us against the issuer. */
const COOLDOWN = 30_000
const COOLDOWN_AFTER_FAILURE = 5_000

/**
 * The issuer's public keys, fetched when first needed and kept. While the issuer cannot be reached, the keys at hand go on
 * working for a day; jose's own remote set would drop them at the first failed refresh.
 */
export class IssuerKeys {
  readonly #settings: Pick<OidcSettings, 'issuer' | 'jwksUri'>
  readonly #clock: Clock
  #kept: { readonly keys: LocalJWKSet; readonly at: number } | null = null
  /** The newest attempt to fetch, when it ended and how. */
  #tried: { readonly at: number; readonly problem: Fault | null } | null = null
  #fetching: Promise<void> | null = null

  constructor(settings: Pick<OidcSettings, 'issuer' | 'jwksUri'>, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  /** The key a token was signed with. Throws `UPSTREAM_UNREACHABLE` when that cannot be known now; a jose error when there is none. */
  async find(header: JWTHeaderParameters, signal: AbortSignal): Promise<CryptoKey> {
    const kept = this.#current()
    if (kept) {
      if (this.#clock.monotonic() - kept.at > FRESH && this.#mayFetch()) void this.#fetch()
      const key = await keyIn(kept.keys, header)
      if (key) return key
    }
    if (this.#fetching || this.#mayFetch()) await unlessAborted(this.#fetch(), signal)
    const fresh = this.#current()
    const key = fresh && (await keyIn(fresh.keys, header))
    if (key) return key
    throw this.#tried?.problem ?? new errors.JWKSNoMatchingKey()
  }

  #current() {
    return this.#kept && this.#clock.monotonic() - this.#kept.at < LONGEST_LIFE ? this.#kept : null
  }

  #mayFetch(): boolean {
    if (!this.#tried) return true
    const pause = this.#tried.problem ? COOLDOWN_AFTER_FAILURE : COOLDOWN
    return this.#clock.monotonic() - this.#tried.at >= pause
  }

  /** Never rejects; all who wait at once share one fetch. */
  #fetch(): Promise<void> {
    this.#fetching ??= this.#fetchNow().finally(() => (this.#fetching = null))
    return this.#fetching
  }

  async #fetchNow(): Promise<void> {
    const { issuer, jwksUri } = this.#settings
    let problem: Fault | null = null
    try {
      const body = await fetchJson(issuer, jwksUri ?? (await discoverKeySet(issuer)))
      this.#kept = { keys: keySet(issuer, body), at: this.#clock.monotonic() }
    } catch (error) {
      problem = isFault(error) ? error : unreachable(issuer, 'its keys could not be fetched', error)
    }
    this.#tried = { at: this.#clock.monotonic(), problem }
  }
}

function keySet(issuer: string, body: unknown): LocalJWKSet {
  try {
    return createLocalJWKSet(body as Parameters<typeof createLocalJWKSet>[0])
  } catch (cause) {
    throw unreachable(issuer, 'what it gave is not a set of keys', cause)
  }
}

async function keyIn(keys: LocalJWKSet, header: JWTHeaderParameters): Promise<CryptoKey | null> {
  try {
    return await keys(header)
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return null
    throw error
  }
}

function unreachable(issuer: string, why: string, cause: unknown): Fault {
  return fault('UPSTREAM_UNREACHABLE', { server: issuer, why }, { cause })
}

/** The fetch itself goes on for the others who wait for it. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason as Error)
  signal.addEventListener('abort', stop, { once: true })
  try {
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
