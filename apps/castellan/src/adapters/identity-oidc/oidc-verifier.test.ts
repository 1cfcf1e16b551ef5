import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { exportSPKI, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import type { VerifiedToken } from '../../identity/index.ts'
import { catalogue, type Fault, isFault, manualClock } from '../../kernel/index.ts'
import { LocalIssuer, type SigningKey, signingKey } from './fixtures/local-issuer.ts'
import type { OidcSettings } from './oidc-settings.ts'
import { oidcVerifier } from './oidc-verifier.ts'

const signal = new AbortController().signal
const start = Date.parse('2026-01-01T00:00:00Z') / 1_000
const audience = 'https://castellan.example/mcp'
const good: JWTPayload = { sub: 's1', aud: audience, exp: start + 300 }

let key: SigningKey
let other: SigningKey
before(async () => {
  key = await signingKey('k1')
  other = await signingKey('k2')
})

async function trusting(change: Partial<OidcSettings> = {}, path = '') {
  const issuer = await LocalIssuer.start(path)
  issuer.keys = [key.jwk]
  const clock = manualClock('2026-01-01T00:00:00Z')
  const settings = { issuer: issuer.url, audience, jwksUri: null, rolesClaim: null, tenantsClaim: null, ...change }
  const verifier = oidcVerifier(settings, clock)
  return { issuer, clock, verify: (token: string) => verifier.verify(token, signal), verifier }
}

function turnsAway(verifying: Promise<VerifiedToken>) {
  return assert.rejects(verifying, (error: Fault) => {
    assert.equal(error.code, 'UNAUTHENTICATED')
    assert.equal(error.message, catalogue.UNAUTHENTICATED.sentence)
    return true
  })
}

const unreachable = { code: 'UPSTREAM_UNREACHABLE' }

describe('a token', () => {
  test('that is good says who it is, what it may and until when', async () => {
    await using parts = await disposable(
      trusting({ rolesClaim: 'realm_access.roles', tenantsClaim: 'https://x.example/tenants' }),
    )
    const token = await parts.issuer.sign(key, {
      ...good,
      scope: 'mcp read',
      realm_access: { roles: ['operator', 7, 'auditor'] },
      'https://x.example/tenants': ['acme'],
      preferred_username: 'ada',
    })
    assert.deepEqual(await parts.verify(token), {
      issuer: parts.issuer.url,
      subject: 's1',
      scopes: ['mcp', 'read'],
      roles: ['operator', 'auditor'],
      tenants: ['acme'],
      name: 'ada',
      expiresAt: '2026-01-01T00:05:00.000Z',
    })
  })

  test('may be signed with any of the asymmetric algorithms', async () => {
    await using parts = await disposable(trusting())
    for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']) {
      const signer = await signingKey(alg, alg)
      parts.issuer.keys = [...parts.issuer.keys, signer.jwk]
      parts.clock.advance(30_000)
      assert.equal((await parts.verify(await parts.issuer.sign(signer, { ...good, exp: start + 900 }))).subject, 's1')
    }
  })

  test('for another audience, of another issuer, or for nobody is turned away', async () => {
    await using parts = await disposable(trusting())
    const { issuer, verify } = parts
    const { sub: _sub, ...nobody } = good
    const { aud: _aud, ...forAnyone } = good
    for (const claims of [
      { ...good, aud: 'https://other.example' },
      { ...good, aud: [] },
      { ...good, iss: `${issuer.url}/` },
      { ...good, iss: 'https://evil.example' },
      { ...good, sub: '' },
      { ...good, sub: 's1\0' },
      { ...good, sub: 'x'.repeat(256) },
      nobody,
      forAnyone,
    ]) {
      await turnsAway(verify(await issuer.sign(key, claims)))
    }
    assert.equal((await verify(await issuer.sign(key, { ...good, aud: ['x', audience] }))).subject, 's1')
  })

  test('that has expired, is not yet valid, or never ends is turned away, with 30 seconds of tolerance', async () => {
    await using parts = await disposable(trusting())
    const { issuer, verify } = parts
    const { exp: _exp, ...endless } = good
    await turnsAway(verify(await issuer.sign(key, endless)))
    await turnsAway(verify(await issuer.sign(key, { ...good, exp: start - 30 })))
    await verify(await issuer.sign(key, { ...good, exp: start - 29 }))
    await turnsAway(verify(await issuer.sign(key, { ...good, nbf: start + 31 })))
    await verify(await issuer.sign(key, { ...good, nbf: start + 30 }))
  })

  test('expires on the injected clock', async () => {
    await using parts = await disposable(trusting())
    const token = await parts.issuer.sign(key, good)
    await parts.verify(token)
    parts.clock.advance(330_000)
    await turnsAway(parts.verify(token))
  })

  test('signed with the public key as a shared secret is turned away (algorithm confusion)', async () => {
    await using parts = await disposable(trusting())
    const rsa = await signingKey('rsa', 'RS256')
    parts.issuer.keys = [
      rsa.jwk,
      { ...rsa.jwk, alg: 'HS256', kid: 'hs', kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I' },
    ]
    const secrets = [Buffer.from(await exportSPKI(rsa.publicKey)), Buffer.from(rsa.jwk.n!, 'base64url')]
    for (const [index, kid] of ['rsa', 'hs'].entries()) {
      const claims = new SignJWT({ iss: parts.issuer.url, ...good })
      await turnsAway(parts.verify(await claims.setProtectedHeader({ alg: 'HS256', kid }).sign(secrets[index]!)))
    }
    const { alg: _alg, ...anyAlg } = rsa.jwk
    parts.issuer.keys = [anyAlg]
    assert.equal((await parts.verify(await parts.issuer.sign(rsa, good))).subject, 's1')
  })

  test('without a signature is turned away', async () => {
    await using parts = await disposable(trusting())
    await turnsAway(parts.verify(new UnsecuredJWT({ iss: parts.issuer.url, ...good }).encode()))
    const [header, payload] = (await parts.issuer.sign(key, good)).split('.')
    await turnsAway(parts.verify(`${header}.${payload}.`))
  })

  test('that was changed after signing, or signed by another key under this id, is turned away', async () => {
    await using parts = await disposable(trusting())
    const [header, , signature] = (await parts.issuer.sign(key, good)).split('.')
    const changed = Buffer.from(JSON.stringify({ iss: parts.issuer.url, ...good, sub: 'root' })).toString('base64url')
    await turnsAway(parts.verify(`${header}.${changed}.${signature}`))
    await turnsAway(parts.verify(await parts.issuer.sign({ ...other, kid: 'k1' }, good)))
  })

  test('that brings its own key is turned away', async () => {
    await using parts = await disposable(trusting())
    const header = { jwk: other.jwk as { kty: string }, jku: `${parts.issuer.url}/evil` }
    parts.issuer.pages.set('/evil', () => ({ keys: [other.jwk] }))
    await turnsAway(parts.verify(await parts.issuer.sign(other, good, header)))
    assert.ok(!parts.issuer.asked.includes('/evil'))
  })

  test('of another type is turned away; access tokens and plain JWTs are not', async () => {
    await using parts = await disposable(trusting())
    for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt'])
      await turnsAway(parts.verify(await parts.issuer.sign(key, good, { typ })))
    for (const typ of ['JWT', 'AT+JWT', 'application/at+jwt'])
      await parts.verify(await parts.issuer.sign(key, good, { typ }))
  })

  test('with an unknown critical header, or that is no token at all, is turned away', async () => {
    await using parts = await disposable(trusting())
    const critical = new SignJWT({ iss: parts.issuer.url, ...good }).setProtectedHeader({
      alg: 'ES256',
      kid: 'k1',
      crit: ['x'],
      x: 1,
    })
    await turnsAway(parts.verify(await critical.sign(key.privateKey, { crit: { x: true } })))
    for (const text of ['', 'a.b.c', '..', 'e30.e30.e30', `${'a'.repeat(5_000)}.b.c`])
      await turnsAway(parts.verify(text))
  })
})

describe('the keys of the issuer', () => {
  test('are fetched once for many tokens at once', async () => {
    await using parts = await disposable(trusting())
    const token = await parts.issuer.sign(key, good)
    await Promise.all(Array.from({ length: 10 }, () => parts.verify(token)))
    assert.deepEqual(parts.issuer.asked, ['/.well-known/openid-configuration', '/keys'])
  })

  test('are found again after a rotation, without a restart', async () => {
    await using parts = await disposable(trusting())
    await parts.verify(await parts.issuer.sign(key, good))
    parts.issuer.keys = [other.jwk]
    parts.clock.advance(30_000)
    await parts.verify(await parts.issuer.sign(other, good))
    await turnsAway(parts.verify(await parts.issuer.sign(key, good)))
  })

  test('are asked for at most once in 30 seconds, however many key ids are made up', async () => {
    await using parts = await disposable(trusting())
    await parts.verify(await parts.issuer.sign(key, good))
    const before = parts.issuer.asked.length
    for (let index = 0; index < 20; index++) {
      await turnsAway(parts.verify(await parts.issuer.sign({ ...other, kid: `made-up-${index}` }, good)))
    }
    assert.equal(parts.issuer.asked.length, before)
    parts.clock.advance(30_000)
    for (let index = 0; index < 20; index++) {
      await turnsAway(parts.verify(await parts.issuer.sign({ ...other, kid: `made-up-${index}` }, good)))
    }
    assert.equal(parts.issuer.asked.length, before + 2)
  })

  test('go on working while the issuer is down, for a day', async () => {
    await using parts = await disposable(trusting())
    const token = (exp: number) => parts.issuer.sign(key, { ...good, exp })
    await parts.verify(await token(start + 300))
    await parts.issuer.stop()
    parts.clock.advance(23 * 3_600_000)
    await parts.verify(await token(start + 90_000))
    parts.clock.advance(3_600_000)
    await assert.rejects(parts.verify(await token(start + 90_000)), unreachable)
  })

  test('that are not known while the issuer is down cannot be judged, and are once it is back', async () => {
    await using parts = await disposable(trusting())
    await parts.verify(await parts.issuer.sign(key, good))
    parts.issuer.keys = [key.jwk, other.jwk]
    const token = await parts.issuer.sign(other, good)
    await parts.issuer.stop()
    parts.clock.advance(30_000)
    await assert.rejects(parts.verify(token), unreachable)
    await parts.issuer.resume()
    await assert.rejects(parts.verify(token), unreachable)
    parts.clock.advance(5_000)
    assert.equal((await parts.verify(token)).subject, 's1')
  })

  test('that the issuer withdrew stop working once the ones at hand have been refreshed', async () => {
    await using parts = await disposable(trusting())
    await parts.verify(await parts.issuer.sign(key, good))
    parts.issuer.keys = [other.jwk]
    parts.clock.advance(10 * 60_000 + 1)
    const late = { ...good, exp: start + 900 }
    await parts.verify(await parts.issuer.sign(key, late))
    // The refresh runs beside that request, so the next ones may still see the old keys, for as long as a fetch takes.
    const old = await parts.issuer.sign(key, late)
    const refused = () => parts.verify(old).then(() => false, isUnauthenticated)
    for (let attempt = 0; !(await refused()); attempt++) {
      assert.ok(attempt < 1_000, 'the withdrawn key goes on working')
      await setImmediate()
    }
    await parts.verify(await parts.issuer.sign(other, late))
  })

  test('come from the configured address when there is one, without asking for metadata', async () => {
    await using issuer = await LocalIssuer.start()
    issuer.keys = [key.jwk]
    const settings = {
      issuer: issuer.url,
      audience,
      jwksUri: `${issuer.url}/keys`,
      rolesClaim: null,
      tenantsClaim: null,
    }
    const verifier = oidcVerifier(settings, manualClock('2026-01-01T00:00:00Z'))
    await verifier.verify(await issuer.sign(key, good), signal)
    assert.deepEqual(issuer.asked, ['/keys'])
  })

  test('are found through OAuth metadata when the issuer has no OpenID metadata', async () => {
    await using parts = await disposable(trusting({}, '/realms/a'))
    const openid = '/realms/a/.well-known/openid-configuration'
    const oauth = '/.well-known/oauth-authorization-server/realms/a'
    parts.issuer.pages.set(oauth, parts.issuer.pages.get(openid)!)
    parts.issuer.pages.delete(openid)
    await parts.verify(await parts.issuer.sign(key, good))
    assert.deepEqual(parts.issuer.asked, [openid, oauth, '/realms/a/keys'])
  })

  test('are not believed when metadata is about another issuer, leads elsewhere, or is broken', async () => {
    const metadata = '/.well-known/openid-configuration'
    const broken: [string, (issuer: LocalIssuer) => unknown][] = [
      [metadata, issuer => ({ issuer: 'https://evil.example', jwks_uri: `${issuer.url}/keys` })],
      [metadata, issuer => ({ issuer: issuer.url })],
      [metadata, issuer => ({ issuer: issuer.url, jwks_uri: 'http://keys.example/keys' })],
      [metadata, issuer => ({ issuer: issuer.url, jwks_uri: 'file:///etc/passwd' })],
      [metadata, issuer => `${issuer.url}/elsewhere`],
      [metadata, () => '<html>'],
      ['/keys', () => ({ keys: 'none' })],
      ['/keys', () => ({ keys: [key.jwk], padding: 'x'.repeat(1_100_000) })],
    ]
    for (const [path, page] of broken) {
      await using parts = await disposable(trusting())
      const { issuer } = parts
      issuer.pages.set('/elsewhere', issuer.pages.get(metadata)!)
      issuer.pages.set(path, () => page(issuer))
      await assert.rejects(parts.verify(await issuer.sign(key, good)), unreachable)
    }
  })

  test('are waited for only as long as the request that needs them lives', async () => {
    await using parts = await disposable(trusting())
    const caller = new AbortController()
    parts.issuer.pages.set('/.well-known/openid-configuration', () => {
      caller.abort(new Error('the client went away'))
      return { issuer: parts.issuer.url, jwks_uri: `${parts.issuer.url}/keys` }
    })
    const token = await parts.issuer.sign(key, good)
    await assert.rejects(parts.verifier.verify(token, caller.signal), { message: 'the client went away' })
    assert.equal((await parts.verify(token)).subject, 's1')
  })
})

function isUnauthenticated(error: unknown): boolean {
  return isFault(error, 'UNAUTHENTICATED')
}

/** Lets `await using` stop the issuer at the end of the test. */
async function disposable<T extends { readonly issuer: LocalIssuer }>(
  promise: Promise<T>,
): Promise<T & AsyncDisposable> {
  const parts = await promise
  return { ...parts, [Symbol.asyncDispose]: () => parts.issuer[Symbol.asyncDispose]() }
}
