import { timingSafeEqual } from 'node:crypto'
import type { Actor } from '../../identity/index.ts'
import { digestBytes, digestJson, type Fault, fault, isFault, newId } from '../../kernel/index.ts'
import { type Egress, egressOf } from '../egress.ts'
import type { Server } from '../server.ts'
import type { Authorization, AuthorizationStatus, Challenge, Remedy } from './authorization.ts'
import type { AuthorizationParts } from './authorization-parts.ts'
import type { Applicant, Demand, Memory, PersonsAnswer, Tokens } from './authorizer.ts'
import { KeptInStore } from './kept-in-store.ts'
import { nothingKept, type Pending } from './kept.ts'
import { authOf } from './auth-of.ts'
import { Renewals } from './renewals.ts'

/** Milliseconds before their end at which tokens are renewed; of tokens that live shortly, a tenth of their life. */
const AHEAD = 60_000
/** Milliseconds an authorization server that could not renew is left alone. */
const REST = 5_000
/** Milliseconds for everything that is asked of an authorization server at one time. */
const PATIENCE = 30_000

interface Needed {
  readonly why: string
  readonly demand: Demand | null
}

/** The authorization of one server under one set of settings. */
export class ServerAuthorization implements Authorization {
  #server: Server
  readonly #settings: string
  readonly #parts: AuthorizationParts
  readonly #kept: KeptInStore
  readonly #renewals: Renewals
  #needed: Needed | null = null
  #failure: string | null = null
  /** An answer that came, while it is looked at. */
  #finishing: Pending | null = null
  #renewing: Promise<boolean> | null = null
  #restUntil = Number.NEGATIVE_INFINITY

  constructor(server: Server, parts: AuthorizationParts) {
    this.#server = server
    this.#settings = settingsOf(server)
    this.#parts = parts
    this.#kept = new KeptInStore(() => this.#server, this.#settings, parts)
    this.#renewals = new Renewals(parts.clock)
  }

  /** Whether it is of this server and of these settings. */
  isFor(server: Server): boolean {
    if (settingsOf(server) !== this.#settings) return false
    this.#server = server
    return true
  }

  load(): Promise<void> {
    return this.#kept.load()
  }

  status(): AuthorizationStatus {
    const { tokens, pending, authorizedAt, authorizedBy } = this.#kept.present
    const asking = pending ?? this.#finishing
    return {
      status: this.#lacks !== null ? 'needed' : tokens !== null ? 'authorized' : 'unknown',
      reason: this.#failure ?? this.#lacks?.why ?? null,
      issuer: tokens?.issuer ?? null,
      scope: tokens?.scope ?? null,
      authorizedAt,
      authorizedBy,
      askedUntil: asking !== null && asking.until > this.#now().toISOString() ? asking.until : null,
    }
  }

  async token(): Promise<string | null> {
    await this.load()
    const { tokens } = this.#kept.present
    if (tokens === null) {
      if (this.#lacks !== null) throw this.required()
      return null
    }
    if (tokens.refresh === null || !this.#endsWithin(tokens, aheadOf(tokens))) return tokens.access
    try {
      if (await this.#renew(tokens, false)) return this.#kept.present.tokens!.access
    } catch (error) {
      // What has not ended yet is still good.
      if (!isFault(error) || this.#endsWithin(tokens, 0)) throw error
      return tokens.access
    }
    throw this.required()
  }

  async refused(challenge: Challenge): Promise<Remedy> {
    const demand = await this.#parts.authorizer.demandOf(challenge)
    if (demand === null) return 'other'
    await this.load()
    const { tokens } = this.#kept.present
    // Renewed, or given by a person, while the request was on its way.
    if (tokens !== null && challenge.token !== tokens.access) return 'again'
    if (demand.more) {
      await this.#need(
        `it wants a wider authorization${demand.scope === null ? '' : `: ${demand.scope}`}`,
        demand,
        tokens,
      )
      return 'needed'
    }
    if (tokens === null) {
      await this.#need('it wants to be authorized by a person', demand, null)
      return 'needed'
    }
    if (tokens.refresh === null || this.#isHopeless(tokens)) {
      await this.#need('it does not take our token any more', demand, null)
      return 'needed'
    }
    return (await this.#renew(tokens, true, demand)) ? 'again' : 'needed'
  }

  /** Throws `UPSTREAM_UNREACHABLE` while renewing again is of no use, and may be of some later. */
  #isHopeless({ access }: Tokens): boolean {
    const advice = this.#renewals.adviceOn(access)
    if (advice !== 'wait') return advice === 'giveUp'
    const why = 'it does not take a token that was renewed a moment ago'
    throw fault('UPSTREAM_UNREACHABLE', { server: this.#server.name, why })
  }

  required(): Fault {
    const why = this.#lacks?.why ?? 'it wants to be authorized by a person'
    return fault('UPSTREAM_AUTHORIZATION_REQUIRED', { server: this.#server.name, why })
  }

  /** Throws as `Authorizations.begin`. */
  async begin(state: string, until: string, actor: Actor): Promise<string> {
    await this.load()
    if ((this.#lacks?.demand ?? null) === null) await this.#provoke()
    const demand = this.#needed?.demand ?? null
    const { scopes } = authOf(this.#server)!
    const held = demand?.more === true ? (this.#kept.present.tokens?.scope ?? '').split(' ').filter(Boolean) : []
    const { url, memory } = await this.#parts.authorizer.begin(
      await this.#applicant(),
      { demand, scopes: [...held, ...scopes], state },
      this.#kept.present.memory,
      AbortSignal.timeout(PATIENCE),
    )
    const { principal, correlationId } = actor
    this.#failure = null
    const pending = { state: digestBytes(state), memory, until, principal, correlationId }
    await this.#kept.change({ pending })
    return url
  }

  /** Throws as `Authorizations.finish`. */
  async finish(state: string, answer: PersonsAnswer): Promise<void> {
    await this.#kept.readAgain()
    const { pending } = this.#kept.present
    if (
      pending === null ||
      !sameText(pending.state, digestBytes(state)) ||
      pending.until <= this.#now().toISOString()
    ) {
      throw fault('AUTHORIZATION_UNKNOWN')
    }
    this.#finishing = pending
    const { principal, correlationId } = pending
    try {
      // Used up before anything else happens, so that a second answer finds nothing.
      await this.#kept.change({ pending: null })
      const { tokens, memory } = await this.#parts.authorizer.finish(
        await this.#applicant(),
        answer,
        pending.memory,
        AbortSignal.timeout(PATIENCE),
      )
      const authorizedAt = this.#now().toISOString()
      this.#needed = null
      await this.#kept.change({ tokens, memory, authorizedAt, authorizedBy: principal }, [
        'server.authorized',
        { principal, correlationId },
        { issuer: tokens.issuer, scope: tokens.scope },
      ])
    } catch (error) {
      this.#failure = isFault(error) ? error.message : 'an internal error; the log has it'
      // A registration of ours may be what it failed for, and is made anew.
      const isSpent = this.#kept.present.tokens === null && authOf(this.#server)!.clientId === null
      if (isSpent) await this.#kept.change({ memory: {} })
      throw error
    } finally {
      this.#finishing = null
    }
  }

  async forget(actor: Actor): Promise<void> {
    await this.load()
    this.#needed = { why: 'its authorization was removed', demand: null }
    this.#failure = null
    await this.#kept.change(nothingKept(this.#settings), ['server.authorization_removed', actor, {}])
  }

  /** Without a demand at hand, the server is asked for one: what it wants of us it says only when it refuses. */
  async #provoke(): Promise<void> {
    this.#needed = null
    await this.#parts.provoke(this.#server).catch((error: unknown) => {
      if (!isFault(error)) throw error
    })
  }

  /** Whether there are new tokens; shared by all who ask at the same time. */
  #renew(tokens: Tokens, lookAgain: boolean, demand: Demand | null = null): Promise<boolean> {
    this.#renewing ??= this.#renewNow(tokens, lookAgain, demand).finally(() => (this.#renewing = null))
    return this.#renewing
  }

  async #renewNow(tokens: Tokens, lookAgain: boolean, demand: Demand | null): Promise<boolean> {
    const { clock, authorizer } = this.#parts
    if (clock.monotonic() < this.#restUntil) {
      throw fault('UPSTREAM_UNREACHABLE', {
        server: this.#server.name,
        why: 'its authorization server could not renew our token a moment ago',
      })
    }
    // Another node may have renewed them, and a refresh token can often be used only once.
    await this.#kept.readAgain()
    const present = this.#kept.present.tokens
    if (present?.access !== tokens.access) return present !== null
    try {
      const renewal = await authorizer.renew(
        await this.#applicant(),
        tokens,
        this.#kept.present.memory,
        lookAgain,
        AbortSignal.timeout(PATIENCE),
      )
      if (renewal.is === 'refused') {
        await this.#need(renewal.why, demand, null, renewal.memory)
        return false
      }
      this.#renewals.renewed()
      await this.#kept.change({ tokens: renewal.tokens, memory: renewal.memory })
      return true
    } catch (error) {
      this.#restUntil = clock.monotonic() + REST
      throw error
    }
  }

  /** Notes that a person is needed, with the tokens that are left; journaled when that is news. */
  async #need(
    why: string,
    demand: Demand | null,
    tokens: Tokens | null,
    memory: Memory = this.#kept.present.memory,
  ): Promise<void> {
    const before = this.#needed
    this.#needed = { why, demand: demand ?? before?.demand ?? null }
    const isNews = before?.why !== why
    if (!isNews && tokens === this.#kept.present.tokens) return
    const nobody = { principal: 'system', correlationId: newId() }
    await this.#kept.change(
      { tokens, memory },
      isNews ? ['server.authorization_needed', nobody, { reason: why }] : undefined,
    )
    if (isNews) this.#parts.onChanged(this.#server)
  }

  /** What a person must help with; null when nothing is known to be wanting. */
  get #lacks(): Needed | null {
    return this.#needed ?? (this.#kept.isUnreadable ? unreadable : null)
  }

  async #applicant(): Promise<Applicant> {
    const server = this.#server
    const { clientId, issuer, clientMetadataUrl } = authOf(server)!
    return {
      server: server.name,
      endpoint: endpointOf(server),
      egress: egressFor(server),
      clientId,
      clientSecret: await this.#parts.clientSecret(server),
      issuer,
      clientMetadataUrl,
      redirectUrl: this.#parts.redirectUrl(),
    }
  }

  #endsWithin({ expiresAt }: Tokens, milliseconds: number): boolean {
    return expiresAt !== null && Date.parse(expiresAt) - this.#now().getTime() <= milliseconds
  }

  #now(): Date {
    return this.#parts.clock.now()
  }
}

const unreadable: Needed = { why: 'what was kept of its authorization cannot be read', demand: null }

/** Milliseconds ahead of their end at which tokens are renewed. */
function aheadOf({ expiresAt, givenAt }: Tokens): number {
  return expiresAt === null ? 0 : Math.min(AHEAD, (Date.parse(expiresAt) - Date.parse(givenAt)) / 10)
}

function egressFor({ name, connection }: Server): Egress {
  if (!('endpoints' in connection)) throw new Error(`a ${connection.transport} server has no authorization server`)
  return egressOf(name, connection)
}

function endpointOf({ connection }: Server): string {
  return 'endpoints' in connection ? (connection.endpoints[0] ?? '') : ''
}

/** Tokens are for one place and one client: whoever changes either must ask a person again. More scopes are no such change. */
function settingsOf(server: Server): string {
  const { clientId = null, issuer = null, clientMetadataUrl = null } = authOf(server) ?? {}
  return digestJson([endpointOf(server), clientId, issuer, clientMetadataUrl])
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
