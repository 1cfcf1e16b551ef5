import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, afterEach, describe, test } from 'node:test'
import { localVault, oneKey } from '../../adapters/secrets-local/index.ts'
import { openSqlite, type Stores } from '../../adapters/store-sql/index.ts'
import type { Actor } from '../../identity/index.ts'
import { Journal } from '../../journal/index.ts'
import { fault, manualClock, newId, systemClock } from '../../kernel/index.ts'
import { aServer } from '../fixtures/server.ts'
import { Masker } from '../masker.ts'
import type { OAuthSettings, Server } from '../server.ts'
import type { Challenge } from './authorization.ts'
import { Authorizations } from './authorizations.ts'
import type { Applicant, Authorizer, Demand, Renewal, Tokens } from './authorizer.ts'

const actor: Actor = { tenant: 'default', principal: newId(), correlationId: 'c-1' }
const MINUTE = 60_000

let folder: string
let stores: Stores
let clock: ReturnType<typeof manualClock>
let played: PlayedAuthorizer
let masker: Masker
let servers: Server[]
let changed: string[]
let authorizations: Authorizations
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'castellan-authorizations-'))
  stores = await openSqlite({ folder, clock: systemClock })
  clock = manualClock()
  played = new PlayedAuthorizer()
  masker = new Masker()
  servers = [guarded()]
  changed = []
  authorizations = opened()
  await stores.registry.saveServer(servers[0]!, [], [])
})
afterEach(async () => {
  await stores.close()
  await rm(folder, { recursive: true })
})

describe('asking a person', () => {
  test('is over after ten minutes, and used up by the first answer', async () => {
    const state = await asked()
    clock.advance(10 * MINUTE)
    await assert.rejects(authorizations.finish(state, yes), { code: 'AUTHORIZATION_UNKNOWN' })
    const again = await asked()
    await authorizations.finish(again, yes)
    await assert.rejects(authorizations.finish(again, yes), { code: 'AUTHORIZATION_UNKNOWN' })
    assert.deepEqual(status(), ['authorized', null])
  })

  test('is used up by an answer that comes to nothing, too', async () => {
    const state = await asked()
    played.onFinish = () => Promise.reject(fault('AUTHORIZATION_FAILED', { server: 'files', why: 'of this and that' }))
    await assert.rejects(authorizations.finish(state, yes), { code: 'AUTHORIZATION_FAILED' })
    await assert.rejects(authorizations.finish(state, yes), { code: 'AUTHORIZATION_UNKNOWN' })
    assert.match(authorizations.status(servers[0]!)?.reason ?? '', /of this and that/)
  })

  test('is answered once, also when two answers come at the same moment', async () => {
    const state = await asked()
    const answers = await Promise.allSettled([1, 2, 3].map(() => authorizations.finish(state, yes)))
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected', 'rejected'])
  })

  test('of one tenant is answered for no other, even when its state is bent to that server', async () => {
    const theirs = guarded({ id: newId(), tenant: 'acme' })
    servers.push(theirs)
    await stores.registry.saveServer(theirs, [], [])
    const state = await asked()
    await authorizations.begin(theirs, { ...actor, tenant: 'acme' })
    const bent = state.replace(servers[0]!.id, theirs.id)
    await assert.rejects(authorizations.finish(bent, yes), { code: 'AUTHORIZATION_UNKNOWN' })
    assert.equal(authorizations.status(theirs)?.status, 'needed')
  })

  test('outlives the process, and shows until when it waits', async () => {
    const state = await asked()
    authorizations = opened()
    await authorizations.load(servers)
    assert.equal(authorizations.status(servers[0]!)?.askedUntil, '2026-01-01T00:10:00.000Z')
    await authorizations.finish(state, yes)
    assert.equal(await token(), 'access-1')
  })

  test('begins by asking the server for its demand, when none is known', async () => {
    await asked()
    assert.deepEqual(played.demands, [{ resourceMetadataUrl: null, scope: 'read', more: false }])
  })

  test('of servers that are added at the same time is not mixed up or lost', async () => {
    const added = Array.from({ length: 5 }, (_, index) => guarded({ id: newId(), name: `new-${index}` }))
    for (const server of added) assert.equal(await refused(null, 401, server), 'needed')
    assert.deepEqual(
      added.map(server => authorizations.status(server)?.status),
      added.map(() => 'needed'),
    )
  })

  test('is for servers with OAuth', async () => {
    const plain = aServer()
    assert.equal(authorizations.of(plain), null)
    assert.equal(authorizations.status(plain), null)
    await assert.rejects(authorizations.begin(plain, actor), { code: 'REQUEST_INVALID' })
  })
})

describe('a token', () => {
  test('is renewed a minute before its end, once for all who ask', async () => {
    await authorize()
    clock.advance(59 * MINUTE - 1)
    assert.equal(await token(), 'access-1')
    clock.advance(1)
    assert.deepEqual(await Promise.all([token(), token(), token()]), ['access-2', 'access-2', 'access-2'])
    assert.equal(played.renewals.length, 1)
    assert.equal(played.renewals[0]?.lookAgain, false)
  })

  test('that has not ended is used while its authorization server is in trouble, which is left alone meanwhile', async () => {
    await authorize()
    played.onRenew = () => Promise.reject(fault('UPSTREAM_UNREACHABLE', { server: 'files', why: 'trouble' }))
    clock.advance(59 * MINUTE)
    assert.deepEqual([await token(), await token()], ['access-1', 'access-1'])
    assert.equal(played.renewals.length, 1)
    clock.advance(MINUTE)
    await assert.rejects(token(), { code: 'UPSTREAM_UNREACHABLE' })
    assert.equal(played.renewals.length, 2)
    played.onRenew = null
    clock.advance(5_000)
    assert.equal(await token(), 'access-2')
  })

  test('that was refused is renewed, and whoever comes late with the old one is told to use the new one', async () => {
    await authorize()
    assert.equal(await refused('access-1'), 'again')
    assert.equal(await refused('access-1'), 'again')
    assert.equal(played.renewals.length, 1)
    assert.equal(played.renewals[0]?.lookAgain, true)
  })

  test('that cannot be renewed needs a person, at once and without another request', async () => {
    await authorize()
    played.onRenew = async () => ({ is: 'refused', why: 'it was taken back', memory: {} })
    assert.equal(await refused('access-1'), 'needed')
    await assert.rejects(token(), { code: 'UPSTREAM_AUTHORIZATION_REQUIRED', message: /it was taken back/ })
    assert.deepEqual(status(), ['needed', 'it was taken back'])
    assert.deepEqual(await topics(), [
      'server.authorization_needed',
      'server.authorized',
      'server.authorization_needed',
    ])
    assert.deepEqual(changed, ['files', 'files', 'files'])
    authorizations = opened()
    assert.equal(await token(), null)
  })

  test('without a successor needs a person when it is refused', async () => {
    played.refreshable = false
    await authorize()
    clock.advance(24 * 60 * MINUTE)
    assert.equal(await token(), 'access-1')
    assert.equal(await refused('access-1'), 'needed')
    assert.equal(played.renewals.length, 0)
  })

  test('that is refused over and over, however fresh, does not keep the authorization server busy', async () => {
    await authorize()
    const remedies: string[] = []
    for (let times = 0; times < 8; times++) {
      const current = await token().catch(() => null)
      remedies.push(await refused(current).catch((error: { code: string }) => error.code))
      clock.advance(6_000)
    }
    assert.equal(played.renewals.length, 3)
    assert.deepEqual(remedies.slice(0, 3), ['again', 'again', 'UPSTREAM_UNREACHABLE'])
    assert.equal(remedies.at(-1), 'needed')
  })

  test('that allows too little is kept, and the person is asked for what it has and what is missing', async () => {
    await authorize()
    const demand = { resourceMetadataUrl: null, scope: 'write', more: true }
    played.demand = demand
    assert.equal(await refused('access-1', 403), 'needed')
    assert.equal(await token(), 'access-1')
    await authorizations.begin(servers[0]!, actor)
    assert.deepEqual(played.demands.at(-1), demand)
    assert.deepEqual(played.scopes.at(-1), ['read'])
  })

  test('is worth nothing under other settings, and is there again under the old ones', async () => {
    await authorize()
    const [before] = servers
    for (const other of [guarded({}, { clientId: 'else' }), guarded({}, {}, 'https://else.example/mcp')]) {
      servers = [other]
      assert.equal(await token(), null)
    }
    servers = [guarded({}, { scopes: ['more'] })]
    assert.equal(await token(), 'access-1')
    servers = [before!]
    assert.equal(await token(), 'access-1')
  })

  test('is forgotten with everything else, and nothing of it is left', async () => {
    await authorize()
    await authorizations.forget(servers[0]!, actor)
    await assert.rejects(token(), { code: 'UPSTREAM_AUTHORIZATION_REQUIRED', message: /was removed/ })
    authorizations = opened()
    await authorizations.load(servers)
    assert.deepEqual(status(), ['unknown', null])
    assert.equal((await topics()).at(-1), 'server.authorization_removed')
  })

  test('is masked while texts may speak of it', async () => {
    await authorize()
    assert.equal(masker.mask('access-1 refresh-1'), '[redacted] [redacted]')
    for (let times = 0; times < 3; times++) {
      clock.advance(60 * MINUTE)
      await token()
    }
    assert.equal(masker.mask('access-4 access-3 access-1'), '[redacted] [redacted] access-1')
  })

  test('that cannot be read any more needs a person', async () => {
    await authorize()
    const sealed = await stores.registry.secret('default', `${servers[0]!.id}/authorization`)
    await stores.registry.saveSecret({ ...sealed!, ciphertext: new Uint8Array(40) }, [])
    authorizations = opened()
    await assert.rejects(token(), { code: 'UPSTREAM_AUTHORIZATION_REQUIRED', message: /cannot be read/ })
  })

  test('of a server that is only tried is not looked for, and leaves nothing behind', async () => {
    const tried = guarded({ id: newId(), name: 'tried' })
    assert.equal(await authorizations.of(tried)!.token(), null)
    assert.equal(await refused(null, 401, tried), 'needed')
    assert.equal(await stores.registry.secret('default', `${tried.id}/authorization`), undefined)
  })
})

const yes = { code: 'code', error: null, iss: null }

function opened(): Authorizations {
  return new Authorizations({
    authorizer: played,
    store: stores.registry,
    vault: localVault(oneKey(new Uint8Array(32).fill(7))),
    journal: new Journal(stores.journal, clock),
    clock,
    masker,
    clientSecret: async () => null,
    redirectUrl: () => 'https://castellan.example/oauth/callback',
    server: id => servers.find(each => each.id === id),
    onChanged: server => void changed.push(server.name),
    provoke: server => refused(null, 401, server),
  })
}

function guarded(
  given: Partial<Server> = {},
  auth: Partial<OAuthSettings> = {},
  url = 'https://mcp.example/mcp',
): Server {
  const none = {
    type: 'oauth',
    clientId: null,
    clientSecret: null,
    issuer: null,
    scopes: [],
    clientMetadataUrl: null,
  } as const
  return aServer({
    connection: { transport: 'streamable-http', endpoints: [url], headers: {}, auth: { ...none, ...auth } },
    ...given,
  })
}

/** The state that a person would come back with. */
async function asked(): Promise<string> {
  const { url } = await authorizations.begin(servers[0]!, actor)
  return new URL(url).searchParams.get('state')!
}

async function authorize(): Promise<void> {
  await authorizations.finish(await asked(), yes)
}

function token(): Promise<string | null> {
  return authorizations.of(servers[0]!)!.token()
}

function refused(token: string | null, status: Challenge['status'] = 401, server = servers[0]!) {
  return authorizations.of(server)!.refused({ status, wwwAuthenticate: null, token })
}

function status(server = servers[0]!) {
  const { status, reason } = authorizations.status(server)!
  return [status, reason]
}

async function topics(): Promise<string[]> {
  return (await stores.journal.read(0, 100)).map(entry => entry.type)
}

/** An authorization server that says yes to everything, unless a test says otherwise; every token lives an hour. */
class PlayedAuthorizer implements Authorizer {
  demand: Demand = { resourceMetadataUrl: null, scope: 'read', more: false }
  refreshable = true
  onFinish: (() => Promise<never>) | null = null
  onRenew: (() => Promise<Renewal>) | null = null
  readonly demands: (Demand | null)[] = []
  readonly scopes: (readonly string[])[] = []
  readonly renewals: { readonly lookAgain: boolean }[] = []
  #given = 0

  async demandOf(): Promise<Demand> {
    return this.demand
  }

  async begin(applicant: Applicant, { state, demand, scopes }: Parameters<Authorizer['begin']>[1]) {
    this.demands.push(demand)
    this.scopes.push(scopes)
    return { url: `https://as.example/authorize?state=${state}`, memory: { for: applicant.server } }
  }

  async finish() {
    if (this.onFinish !== null) return this.onFinish()
    return { tokens: this.#tokens(), memory: {} }
  }

  async renew(_: Applicant, __: Tokens, memory: Renewal['memory'], lookAgain: boolean): Promise<Renewal> {
    this.renewals.push({ lookAgain })
    if (this.onRenew !== null) return this.onRenew()
    return { is: 'renewed', tokens: this.#tokens(), memory }
  }

  #tokens(): Tokens {
    const number = ++this.#given
    return {
      access: `access-${number}`,
      refresh: this.refreshable ? `refresh-${number}` : null,
      givenAt: clock.now().toISOString(),
      expiresAt: new Date(clock.now().getTime() + 60 * MINUTE).toISOString(),
      scope: 'read',
      issuer: 'https://as.example',
    }
  }
}
