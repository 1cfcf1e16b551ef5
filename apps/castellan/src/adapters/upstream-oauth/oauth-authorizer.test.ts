import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { manualClock } from '../../kernel/index.ts'
import { type Applicant, type Demand, egressOf, type Memory, type Tokens } from '../../registry/index.ts'
import { nameServer } from '../http-client/fixtures/name-server.ts'
import { AuthorizationServer } from './fixtures/authorization-server.ts'
import { GuardedServer } from './fixtures/guarded-server.ts'
import { type Page, listening } from './fixtures/listening.ts'
import { oauthAuthorizer } from './oauth-authorizer.ts'

const clock = manualClock()
const authorizer = oauthAuthorizer(clock)
const signal = new AbortController().signal
/** A server that is not here. */
const FAR = 'https://mcp.example.com/mcp'
const redirectUrl = 'http://127.0.0.1:7400/oauth/callback'

let authority: AuthorizationServer
let upstream: GuardedServer
beforeEach(async () => {
  authority = await AuthorizationServer.start()
  upstream = await GuardedServer.start(authority)
})
afterEach(async () => {
  await upstream[Symbol.asyncDispose]()
  await authority[Symbol.asyncDispose]()
})

describe('the way to an authorization server', () => {
  test('is what the refusal says, or the well-known places: below the path, then at the root', async () => {
    upstream.metadataAt = '/somewhere/else'
    const demand = { ...demanded(), resourceMetadataUrl: new URL('/somewhere/else', upstream.url).href }
    assert.equal(new URL((await begin({}, demand)).url).origin, authority.url)
    for (const place of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource']) {
      upstream.metadataAt = place
      assert.equal(new URL((await begin()).url).origin, authority.url)
    }
  })

  for (const [path, place] of [
    ['', '/.well-known/oauth-authorization-server'],
    ['', '/.well-known/openid-configuration'],
    ['/tenant', '/.well-known/oauth-authorization-server/tenant'],
    ['/tenant', '/.well-known/openid-configuration/tenant'],
    ['/tenant', '/tenant/.well-known/openid-configuration'],
  ] as const) {
    test(`leads to metadata at ${place} of the issuer "${path}"`, async () => {
      await using other = await AuthorizationServer.start(path)
      other.metadataAt = place
      upstream.authority = other
      const { tokens } = await authorized(other)
      assert.equal(tokens.issuer, other.url)
    })
  }

  test('ends where the metadata is about another resource or another issuer', async () => {
    upstream.metadata = { resource: 'https://elsewhere.example/mcp' }
    await assert.rejects(begin(), { code: 'AUTHORIZATION_FAILED', message: /about another resource/ })
    upstream.metadata = {}
    authority.metadata = { issuer: 'https://elsewhere.example' }
    await assert.rejects(begin(), { code: 'AUTHORIZATION_FAILED', message: /about another issuer/ })
    assert.equal(authority.registrations.length, 0)
  })

  test('ends where codes would not be protected, or people be sent where others can read', async () => {
    authority.metadata = { code_challenge_methods_supported: ['plain'] }
    await assert.rejects(begin(), /does not protect codes with S256/)
    for (const place of ['http://192.0.2.1/authorize', 'javascript:alert(1)//x']) {
      authority.metadata = { authorization_endpoint: place }
      await assert.rejects(begin(), { code: 'AUTHORIZATION_FAILED' })
    }
  })

  test('does not lead from a server elsewhere to this machine, nor anywhere without TLS', async () => {
    const elsewhere = { ...applicant(), endpoint: 'https://mcp.invalid/mcp' }
    for (const place of [`${authority.url}/x`, 'http://192.0.2.1/x']) {
      const demand = { ...demanded(), resourceMetadataUrl: place }
      const question = { demand, scopes: [], state: 's' }
      await assert.rejects(authorizer.begin(elsewhere, question, {}, signal), { code: 'AUTHORIZATION_FAILED' })
    }
    assert.deepEqual(authority.asked, [])
  })

  test('does not lead from a public server to a private address, by name or by number', async () => {
    await using names = await nameServer(['127.0.0.1'])
    const { port } = new URL(authority.url)
    for (const host of [
      'login.example.com',
      '127.0.0.1',
      '[::ffff:127.0.0.1]',
      '169.254.169.254',
      'localhost',
      'intranet',
    ]) {
      const demand = { ...demanded(), resourceMetadataUrl: `https://${host}:${port}/meta` }
      const question = { demand, scopes: [], state: 's' }
      const begun = oauthAuthorizer(clock, names.lookup).begin(applicant({ endpoint: FAR }), question, {}, signal)
      // What was refused is no reason not to ask the server itself, whose name leads there, too.
      await assert.rejects(begun, { code: 'AUTHORIZATION_FAILED', message: /found at 127\.0\.0\.1, this machine/ })
    }
    assert.deepEqual(new Set(names.asked), new Set(['login.example.com', 'mcp.example.com']))
    assert.deepEqual(authority.asked, [])
  })

  test('leads to nobody but those on the list, when there is one', async () => {
    await using names = await nameServer(['127.0.0.1'])
    const demand = { ...demanded(), resourceMetadataUrl: 'https://login.example.com/meta' }
    const who = applicant({ endpoint: FAR, egress: egressFor(FAR, ['login.example.org']) })
    const question = { demand, scopes: [], state: 's' }
    await assert.rejects(oauthAuthorizer(clock, names.lookup).begin(who, question, {}, signal))
    assert.deepEqual(new Set(names.asked), new Set(['mcp.example.com']))
  })

  test('ends at answers without end, and at redirects to others', async () => {
    const huge = 'x'.repeat(2 << 20)
    for (const answer of [
      ({ json }: Page) => json(200, { huge }),
      ({ redirect }: Page) => redirect(new URL('http://127.0.0.1:9/elsewhere')),
    ]) {
      const trap = await listening()
      trap.serve(answer)
      upstream.metadata = { authorization_servers: [trap.origin] }
      await assert.rejects(begin(), { code: 'AUTHORIZATION_FAILED' })
      await trap.close()
    }
  })

  test('is given up with its signal', async () => {
    const question = { demand: demanded(), scopes: [], state: 's' }
    const given = authorizer.begin(applicant(), question, {}, AbortSignal.abort())
    await assert.rejects(given, { code: 'AUTHORIZATION_FAILED', message: /took too long/ })
  })
})

describe('who we are', () => {
  test('is registered once, and again when people would come back elsewhere', async () => {
    const { memory } = await authorized()
    await begin(memory)
    assert.equal(authority.registrations.length, 1)
    assert.deepEqual(authority.registrations[0]?.['redirect_uris'], [redirectUrl])
    assert.deepEqual(
      [authority.registrations[0]?.['application_type'], authority.registrations[0]?.['grant_types']],
      ['native', ['authorization_code', 'refresh_token']],
    )
    await begin(memory, demanded(), { redirectUrl: 'https://castellan.example/oauth/callback' })
    assert.equal(authority.registrations[1]?.['application_type'], 'web')
  })

  test('is the URL of a document where the authorization server takes it, and registered where not', async () => {
    const clientMetadataUrl = 'https://castellan.example/client.json'
    const client = async () =>
      new URL((await begin({}, demanded(), { clientMetadataUrl })).url).searchParams.get('client_id')
    assert.equal(await client(), 'client-1')
    authority.metadata = { client_id_metadata_document_supported: true }
    assert.equal(await client(), clientMetadataUrl)
    assert.equal(authority.registrations.length, 1)
  })

  test('is what was registered by hand, in each way a secret is shown', async () => {
    authority.clients.set('ours', { secret: 'hush-hush', redirects: [redirectUrl] })
    for (const method of ['client_secret_basic', 'client_secret_post']) {
      authority.metadata = { token_endpoint_auth_methods_supported: [method] }
      const { memory } = await authorized(authority, { clientId: 'ours', clientSecret: 'hush-hush' })
      assert.ok(!JSON.stringify(memory).includes('hush-hush'))
      assert.equal(authority.tokenRequests.at(-1)?.has('client_secret'), method === 'client_secret_post')
    }
    assert.equal(authority.registrations.length, 0)
  })

  test('means nothing at another authorization server, which does not even hear of it', async () => {
    authority.clients.set('ours', { secret: 'hush-hush', redirects: [redirectUrl] })
    const ours = { clientId: 'ours', clientSecret: 'hush-hush' }
    const { memory } = await authorized(authority, ours)
    await using other = await AuthorizationServer.start()
    upstream.authority = other
    await assert.rejects(begin(memory, demanded(), ours), /another authorization server than before/)
    const only = { ...ours, issuer: authority.url }
    await assert.rejects(begin({}, demanded(), only), /another authorization server than the issuer/)
    assert.deepEqual(
      other.asked.filter(line => !line.includes('.well-known')),
      [],
    )
  })

  test('cannot be made known where nobody is registered', async () => {
    authority.metadata = { registration_endpoint: null }
    await assert.rejects(begin(), /give it a client id that was registered by hand/)
  })
})

describe('what is asked for', () => {
  test('is what the server demands, else all it knows, else nothing; and what the settings say besides', async () => {
    const scope = async (demand: Demand | null, scopes: readonly string[] = []) => {
      const question = { demand, scopes, state: 's' }
      const { url } = await authorizer.begin(applicant(), question, {}, signal)
      return new URL(url).searchParams.get('scope')
    }
    assert.equal(await scope(null), null)
    upstream.metadata = { scopes_supported: ['a', 'b'] }
    assert.equal(await scope(null), 'a b')
    assert.equal(await scope(demanded()), 'read')
    assert.equal(await scope(demanded(), ['extra', 'read']), 'extra read')
  })

  test('is long life only where it is offered', async () => {
    const scope = async () => new URL((await begin()).url).searchParams.get('scope')
    assert.equal(await scope(), 'read')
    authority.metadata = { scopes_supported: ['read', 'offline_access'] }
    assert.equal(await scope(), 'read offline_access')
  })

  test('names the server as the resource, from the beginning to the renewal', async () => {
    const { url } = await begin()
    assert.equal(new URL(url).searchParams.get('resource'), upstream.url)
    const { tokens, memory } = await authorized()
    await authorizer.renew(applicant(), tokens, memory, false, signal)
    assert.deepEqual(new Set(authority.tokenRequests.map(form => form.get('resource'))), new Set([upstream.url]))
  })

  test('is read from a refusal, which may be about something else', async () => {
    const demandOf = (status: 401 | 403, wwwAuthenticate: string | null) =>
      authorizer.demandOf({ status, wwwAuthenticate, token: null })
    assert.deepEqual(await demandOf(401, null), { resourceMetadataUrl: null, scope: null, more: false })
    assert.deepEqual(await demandOf(401, 'Bearer resource_metadata="https://a.example/x", scope="a b"'), {
      resourceMetadataUrl: 'https://a.example/x',
      scope: 'a b',
      more: false,
    })
    assert.deepEqual((await demandOf(403, 'Bearer error="insufficient_scope", scope="c"'))?.more, true)
    assert.equal(await demandOf(403, null), null)
    assert.equal(await demandOf(403, 'Bearer error="something_else"'), null)
  })
})

describe('the answer', () => {
  for (const [about, advertised, iss, ok] of [
    ['has its issuer, as announced', true, 'same', true],
    ['has none, and none was announced', undefined, null, true],
    ['has its issuer, though unannounced', undefined, 'same', true],
    ['lacks the issuer that was announced', true, null, false],
    ['has another issuer', true, 'https://evil.example', false],
    ['has another issuer, unannounced', undefined, 'https://evil.example', false],
    ['has its issuer written otherwise', true, 'slash', false],
  ] as const) {
    test(`is ${ok ? 'redeemed' : 'refused before anything is redeemed'} when it ${about}`, async () => {
      if (advertised) authority.metadata = { authorization_response_iss_parameter_supported: true }
      const { code, memory } = await answered()
      const given = iss === 'same' ? authority.url : iss === 'slash' ? `${authority.url}/` : iss
      const finishing = authorizer.finish(applicant(), { code, error: null, iss: given }, memory, signal)
      if (ok) assert.equal((await finishing).tokens.issuer, authority.url)
      else await assert.rejects(finishing, { code: 'AUTHORIZATION_FAILED', message: /"iss" is missing or another/ })
      assert.equal(authority.tokenRequests.length, ok ? 1 : 0)
    })
  }

  test('of somebody else is not believed when it says no, either', async () => {
    const { memory } = await answered()
    const no = { code: null, error: 'access_denied', iss: 'https://evil.example' }
    await assert.rejects(authorizer.finish(applicant(), no, memory, signal), /"iss" is missing or another/)
    await assert.rejects(authorizer.finish(applicant(), { ...no, iss: authority.url }, memory, signal), /said no/)
  })

  test('is worth nothing with another verifier', async () => {
    const { code } = await answered()
    const { memory } = await begin()
    const finishing = authorizer.finish(applicant(), { code, error: null, iss: null }, memory, signal)
    await assert.rejects(finishing, /"invalid_grant"/)
  })

  test('may have tokens of no use, and errors that say too much', async () => {
    for (const [status, body] of [
      [200, { access_token: 'a b', token_type: 'Bearer' }],
      [200, { access_token: 'ok', token_type: 'mac' }],
      [200, { nonsense: 'planted-secret' }],
      [400, { error: 'planted secret!', error_description: 'planted-secret' }],
      [500, 'planted-secret'],
    ] as const) {
      const { code, memory } = await answered()
      authority.trouble = () => ({ status, body })
      await assert.rejects(
        authorizer.finish(applicant(), { code, error: null, iss: null }, memory, signal),
        (error: Error) => !error.message.includes('planted'),
      )
    }
  })
})

describe('renewing', () => {
  test('gives new tokens, and keeps what is not said anew', async () => {
    const { tokens, memory } = await authorized()
    authority.trouble = () => ({ status: 200, body: { access_token: 'new-token', token_type: 'bearer' } })
    const renewal = await authorizer.renew(applicant(), tokens, memory, true, signal)
    assert.equal(renewal.is, 'renewed')
    assert.deepEqual(renewal.is === 'renewed' && renewal.tokens, {
      access: 'new-token',
      refresh: tokens.refresh,
      givenAt: '2026-01-01T00:00:00.000Z',
      expiresAt: null,
      scope: 'read',
      issuer: authority.url,
    })
  })

  test('is over for good when the authorization server says no', async () => {
    const { tokens, memory } = await authorized()
    authority.revoke(true)
    assert.deepEqual(await authorizer.renew(applicant(), tokens, memory, false, signal), {
      is: 'refused',
      why: 'its token cannot be renewed: its authorization server answered "invalid_grant"',
      memory,
    })
    authority.clients.clear()
    const unknown = await authorizer.renew(applicant(), tokens, memory, false, signal)
    assert.deepEqual([unknown.is, unknown.memory], ['refused', {}])
  })

  for (const [about, status, body] of [
    ['is in trouble', 503, {}],
    ['is busy', 429, { error: 'too_many_requests' }],
    ['answers nonsense', 200, 'nonsense'],
  ] as const) {
    test(`may go better later when the authorization server ${about}`, async () => {
      const { tokens, memory } = await authorized()
      authority.trouble = () => ({ status, body })
      const renewing = authorizer.renew(applicant(), tokens, memory, false, signal)
      await assert.rejects(renewing, { code: 'UPSTREAM_UNREACHABLE' })
    })
  }

  test('never shows a token to another authorization server than it is of', async () => {
    const { tokens, memory } = await authorized()
    await using other = await AuthorizationServer.start()
    upstream.authority = other
    const renewal = await authorizer.renew(applicant(), tokens, memory, true, signal)
    assert.deepEqual([renewal.is, other.tokenRequests.length, authority.tokenRequests.length], ['refused', 0, 1])
  })
})

function applicant(given: Partial<Applicant> = {}): Applicant {
  return {
    server: 'guarded',
    endpoint: upstream.url,
    egress: egressFor(given.endpoint ?? upstream.url),
    clientId: null,
    clientSecret: null,
    issuer: null,
    clientMetadataUrl: null,
    redirectUrl,
    ...given,
  }
}

function egressFor(endpoint: string, hosts: readonly string[] | null = null) {
  const egress = { hosts, allowPrivate: false }
  return egressOf('guarded', { transport: 'streamable-http', endpoints: [endpoint], headers: {}, egress })
}

function demanded(): Demand {
  return { resourceMetadataUrl: null, scope: 'read', more: false }
}

function begin(memory: Memory = {}, demand: Demand = demanded(), who: Partial<Applicant> = {}) {
  return authorizer.begin(applicant(who), { demand, scopes: [], state: 'state' }, memory, signal)
}

/** A person was asked and said yes. */
async function answered(by = authority, who: Partial<Applicant> = {}) {
  const { url, memory } = await begin({}, demanded(), who)
  const back = await by.visit(url)
  assert.equal(back.searchParams.get('state'), 'state')
  return { code: back.searchParams.get('code'), memory }
}

async function authorized(
  by = authority,
  who: Partial<Applicant> = {},
): Promise<{ readonly tokens: Tokens; readonly memory: Memory }> {
  const { code, memory } = await answered(by, who)
  return authorizer.finish(applicant(who), { code, error: null, iss: by.url }, memory, signal)
}
