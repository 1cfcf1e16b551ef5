import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { catalogue, type Fault, fault } from '../kernel/index.ts'
import { Authenticator, type Presented } from './authenticator.ts'
import { actingIn, office } from './fixtures/office.ts'
import type { TokenPolicy } from './token-principal.ts'
import type { VerifiedToken } from './token-verifier.ts'

const signal = new AbortController().signal
const goodJwt = 'aaa.bbb.ccc'
const token: VerifiedToken = {
  issuer: 'https://issuer.example',
  subject: 's1',
  scopes: [],
  roles: [],
  tenants: [],
  name: 'Ada',
  expiresAt: '2026-01-01T01:00:00.000Z',
}
const strict: TokenPolicy = { provision: false, rolesClaim: null, tenantsClaim: null }
const open: TokenPolicy = { ...strict, provision: true }

async function acmeWithKey(expiresAt: string | null = null) {
  const parts = office()
  const { tenants, principals, keys } = parts.directory
  for (const id of ['default', 'acme', 'globex', 'secret']) await tenants.create({ id }, actingIn('default'))
  const ada = await principals.create({ kind: 'agent', name: 'ada-bot', roles: ['operator'] }, actingIn('acme'))
  await principals.invite(ada.id, { tenant: 'globex', roles: [] }, actingIn('default'))
  const { key, plaintext } = await keys.create(
    { principal: ada.id, name: 'k', scopes: ['mcp'], expiresAt },
    actingIn('acme'),
  )
  const authenticator = new Authenticator(parts, null)
  const enter = (presented: Partial<Presented>) =>
    authenticator.authenticate({ authorization: `Bearer ${plaintext}`, tenant: undefined, ...presented }, signal)
  const recognise = (presented: Partial<Presented> = {}) =>
    authenticator.recognise({ authorization: `Bearer ${plaintext}`, tenant: undefined, ...presented })
  return { ...parts, ada, key, plaintext, enter, recognise }
}

async function withTokens(policy: TokenPolicy, verified: Partial<VerifiedToken> = {}) {
  const parts = office()
  for (const id of ['default', 'acme', 'globex']) await parts.directory.tenants.create({ id }, actingIn('default'))
  const answer = { ...token, ...verified }
  const verifier = {
    async verify(text: string) {
      if (text !== goodJwt) throw fault('UNAUTHENTICATED')
      return answer
    },
  }
  const enter = (tenant?: string, jwt = goodJwt) =>
    new Authenticator(parts, { verifier, ...policy }).authenticate({ authorization: `Bearer ${jwt}`, tenant }, signal)
  return { ...parts, enter }
}

/** The one and only answer to bad credentials; anything more would be a hint. */
function turnsAway(promise: Promise<unknown>) {
  return assert.rejects(promise, (error: Fault) => {
    assert.equal(error.code, 'UNAUTHENTICATED')
    assert.equal(error.message, catalogue.UNAUTHENTICATED.sentence)
    assert.deepEqual(error.details, {})
    return true
  })
}

describe('with a key', () => {
  test('a key acts as its principal, in its tenant, with the roles there and its own scopes', async () => {
    const { enter, ada, key, store } = await acmeWithKey()
    assert.deepEqual(await enter({}), {
      principal: await store.principal(ada.id),
      tenant: 'acme',
      roles: ['operator', 'member'],
      scopes: ['mcp'],
      keyId: key.id,
      expiresAt: null,
    })
  })

  test('the scheme is read in any case', async () => {
    const { enter, plaintext } = await acmeWithKey()
    assert.equal((await enter({ authorization: `bearer  ${plaintext}` })).tenant, 'acme')
  })

  test('another tenant is entered with the roles held there, and only by those who belong to it', async () => {
    const { enter } = await acmeWithKey()
    const identity = await enter({ tenant: 'globex' })
    assert.deepEqual([identity.tenant, identity.roles], ['globex', ['member']])
    for (const tenant of ['secret', 'nowhere', '', 'ACME', '__proto__']) await turnsAway(enter({ tenant }))
  })

  test('missing, malformed, unknown and wrong credentials all get the same answer', async () => {
    const { enter, plaintext } = await acmeWithKey()
    const wrongSecret = plaintext.slice(0, -43) + 'A'.repeat(43)
    const unknownId = plaintext.replace(/^cst_.{8}/, 'cst_00000000')
    const headers = [
      undefined, '', 'Bearer', 'Bearer ', plaintext, `Basic ${plaintext}`, `Bearer ${plaintext} x`, `Bearer ${plaintext},`,
      `Bearer ${wrongSecret}`, `Bearer ${unknownId}`, 'Bearer cst_x', 'Bearer a.b.c', `Bearer ${'x'.repeat(100_000)}`,
    ] // prettier-ignore
    for (const authorization of headers) await turnsAway(enter({ authorization }))
  })

  test('revocation counts from the next request on', async () => {
    const { enter, directory, key } = await acmeWithKey()
    await enter({})
    await directory.keys.revoke(key.id, actingIn('acme'))
    await turnsAway(enter({}))
  })

  test('an expired key is no key, to the millisecond', async () => {
    const { enter, clock } = await acmeWithKey('2026-01-01T00:01:00Z')
    clock.advance(59_999)
    assert.equal((await enter({})).expiresAt, '2026-01-01T00:01:00.000Z')
    clock.advance(1)
    await turnsAway(enter({}))
  })

  test('a suspended tenant lets nobody in, nor do its keys open another', async () => {
    const { enter, directory } = await acmeWithKey()
    await directory.tenants.suspend('globex', actingIn('default'))
    await turnsAway(enter({ tenant: 'globex' }))
    await enter({})
    await directory.tenants.resume('globex', actingIn('default'))
    await directory.tenants.suspend('acme', actingIn('default'))
    await turnsAway(enter({}))
    await turnsAway(enter({ tenant: 'globex' }))
  })

  test('a role taken away is gone at the next request', async () => {
    const { enter, directory, ada } = await acmeWithKey()
    assert.ok((await enter({})).roles.includes('operator'))
    await directory.principals.setRoles(ada.id, [], actingIn('acme'))
    assert.deepEqual((await enter({})).roles, ['member'])
  })
})

describe('what is remembered of credentials', () => {
  test('gives the very same identity without a question to the store, as long as nothing changed', async () => {
    const { enter, recognise, directory } = await acmeWithKey()
    assert.equal(recognise(), undefined)
    const identity = await enter({})
    assert.equal(recognise(), identity)
    assert.equal(await enter({}), identity)
    await directory.tenants.create({ id: 'new' }, actingIn('default'))
    assert.equal(recognise(), undefined)
    assert.deepEqual(await enter({}), identity)
  })

  test('is of these credentials for this tenant only, and of nobody who was turned away', async () => {
    const { enter, recognise, plaintext } = await acmeWithKey()
    await enter({})
    for (const tenant of ['globex', 'secret', '']) assert.equal(recognise({ tenant }), undefined)
    const wrong = { authorization: `Bearer ${plaintext.slice(0, -43)}${'A'.repeat(43)}` }
    await turnsAway(enter(wrong))
    assert.equal(recognise(wrong), undefined)
    assert.equal(recognise({ authorization: undefined }), undefined)
  })

  test('does not outlive the key', async () => {
    const { enter, recognise, clock } = await acmeWithKey('2026-01-01T00:01:00Z')
    await enter({})
    clock.advance(59_999)
    assert.ok(recognise())
    clock.advance(1)
    assert.equal(recognise(), undefined)
  })

  test('cannot be changed by whoever got it', async () => {
    const { enter } = await acmeWithKey()
    const { roles, principal } = await enter({})
    assert.throws(() => (roles as string[]).push('admin'), TypeError)
    assert.throws(() => Object.assign(principal, { name: 'eve' }), TypeError)
  })

  test('is nothing where others write as well; revocation, suspension and roles count at once there, too', async () => {
    const { store, ...parts } = await acmeWithKey()
    const shared = { ...store, edition: () => null }
    const authenticator = new Authenticator({ ...parts, store: shared }, null)
    const presented = { authorization: `Bearer ${parts.plaintext}`, tenant: undefined }
    assert.ok((await authenticator.authenticate(presented, signal)).roles.includes('operator'))
    assert.equal(authenticator.recognise(presented), undefined)
    await parts.directory.principals.setRoles(parts.ada.id, [], actingIn('acme'))
    assert.deepEqual((await authenticator.authenticate(presented, signal)).roles, ['member'])
    await parts.directory.keys.revoke(parts.key.id, actingIn('acme'))
    await turnsAway(authenticator.authenticate(presented, signal))
  })

  test('of a token is that its signature was good, for a minute and until it expires', async () => {
    const { clock, directory, store, journal } = office()
    await directory.tenants.create({ id: 'default' }, actingIn('default'))
    let verified = 0
    const verifier = { verify: async () => (verified++, { ...token, expiresAt: '2026-01-01T00:01:30.000Z' }) }
    for (const edition of [store.edition, () => null]) {
      const authenticator = new Authenticator({ clock, journal, store: { ...store, edition } }, { verifier, ...open })
      const enter = () => authenticator.authenticate({ authorization: `Bearer ${goodJwt}`, tenant: undefined }, signal)
      const start = verified
      for (let times = 0; times < 3; times++) await enter()
      assert.equal(verified, start + 1)
      clock.advance(60_000)
      for (let times = 0; times < 3; times++) await enter()
      assert.equal(verified, start + 2)
      clock.advance(30_000)
      for (let times = 0; times < 3; times++) await enter()
      assert.equal(verified, start + 5)
      clock.advance(-90_000)
    }
  })

  test('does not hide that the principal of a token lost a role', async () => {
    const { directory, ...parts } = office()
    for (const id of ['default', 'acme']) await directory.tenants.create({ id }, actingIn('default'))
    const external = { issuer: token.issuer, subject: token.subject }
    const ada = await directory.principals.create(
      { kind: 'user', name: 'Ada', roles: ['operator'], external },
      actingIn('acme'),
    )
    const authenticator = new Authenticator(parts, { verifier: { verify: async () => token }, ...strict })
    const enter = () => authenticator.authenticate({ authorization: `Bearer ${goodJwt}`, tenant: undefined }, signal)
    assert.deepEqual((await enter()).roles, ['operator', 'member'])
    await directory.principals.setRoles(ada.id, [], actingIn('acme'))
    assert.deepEqual((await enter()).roles, ['member'])
  })
})

describe('with a token', () => {
  test('a subject nobody knows is turned away unless it may be provisioned', async () => {
    const { enter, store } = await withTokens(strict)
    await turnsAway(enter())
    assert.deepEqual(await store.principals('default'), [])
  })

  test('a provisioned subject becomes a member of the default tenant, and the journal says so', async () => {
    const { enter, store } = await withTokens(open)
    const identity = await enter()
    assert.deepEqual([identity.tenant, identity.roles, identity.scopes], ['default', ['member'], ['mcp', 'read']])
    assert.deepEqual([identity.keyId, identity.expiresAt], [null, token.expiresAt])
    const line = store.entries.at(-1)
    assert.deepEqual([line?.type, line?.principal], ['principal.created', 'system'])
  })

  test('a rotated token is the same principal, also when many first requests come at once', async () => {
    const { enter, store } = await withTokens(open)
    const identities = await Promise.all(Array.from({ length: 8 }, () => enter()))
    assert.equal(new Set(identities.map(each => each.principal.id)).size, 1)
    assert.equal((await store.principals('default')).length, 1)
  })

  test('the claimed name of somebody else gives neither their principal nor their name', async () => {
    const { enter, directory } = await withTokens(open, { name: 'admin' })
    const admin = await directory.principals.create(
      { kind: 'user', name: 'admin', roles: ['admin'] },
      actingIn('default'),
    )
    const identity = await enter()
    assert.notEqual(identity.principal.id, admin.id)
    assert.match(identity.principal.name, /^oidc-[0-9a-f]{16}$/)
    assert.deepEqual(identity.roles, ['member'])
  })

  test('a hostile or missing name is replaced', async () => {
    for (const name of [null, '', 'a\nb', '<b>']) {
      const { enter } = await withTokens(open, { name })
      assert.match((await enter()).principal.name, /^oidc-/)
    }
  })

  test('roles come from the token when a claim is configured, and only those that exist', async () => {
    const claimed = { roles: ['operator', 'root'] }
    const followed = await withTokens({ ...open, rolesClaim: 'roles' }, claimed)
    assert.deepEqual((await followed.enter()).roles, ['operator', 'member'])
    const ignored = await withTokens(open, claimed)
    assert.deepEqual((await ignored.enter()).roles, ['member'])
  })

  test('a role the issuer took away is gone with the next token', async () => {
    const { enter, directory } = await withTokens({ ...strict, rolesClaim: 'roles' }, { roles: [] })
    const external = { issuer: token.issuer, subject: token.subject }
    await directory.principals.create({ kind: 'user', name: 'Ada', roles: ['admin'], external }, actingIn('acme'))
    assert.deepEqual((await enter()).roles, ['member'])
  })

  test('claimed tenants count only when they exist, and bound a token whatever its principal belongs to', async () => {
    const policy = { ...open, tenantsClaim: 'tenants' }
    const { enter, directory } = await withTokens(policy, { tenants: ['nowhere', 'globex', 'acme'] })
    const identity = await enter()
    assert.equal(identity.tenant, 'globex')
    assert.equal((await enter('acme')).tenant, 'acme')
    await directory.principals.invite(identity.principal.id, { tenant: 'default', roles: [] }, actingIn('default'))
    await turnsAway(enter('default'))
    const stranger = await withTokens(policy, { tenants: ['nowhere'] })
    await turnsAway(stranger.enter())
  })

  test('scopes of the token that exist here bound what it may do', async () => {
    const { enter } = await withTokens(open, { scopes: ['openid', 'read', 'admin', 'everything'] })
    assert.deepEqual((await enter()).scopes, ['read', 'admin'])
  })

  test('a bad token gets the very same answer as a bad key', async () => {
    const { enter } = await withTokens(open)
    await turnsAway(enter(undefined, 'bad.bad.bad'))
    await turnsAway(enter(undefined, 'two.parts'))
    await turnsAway(enter('acme'))
  })

  test('an issuer that cannot be reached is told apart from a bad token', async () => {
    const verifier = { verify: () => Promise.reject(fault('UPSTREAM_UNREACHABLE', { server: 'issuer', why: 'down' })) }
    const authenticator = new Authenticator(office(), { verifier, ...open })
    const entering = authenticator.authenticate({ authorization: `Bearer ${goodJwt}`, tenant: undefined }, signal)
    await assert.rejects(entering, { code: 'UPSTREAM_UNREACHABLE' })
  })
})
