import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { Server } from '@castellan/contracts'
import { run } from '../../apps/castellan/src/cli/fixtures/run.ts'
import { AuthorizationServer } from '../../apps/castellan/src/adapters/upstream-oauth/fixtures/authorization-server.ts'
import { GuardedServer } from '../../apps/castellan/src/adapters/upstream-oauth/fixtures/guarded-server.ts'
import { type ControlPlane, controlPlane, until } from '../support/control-plane.ts'

let castellan: ControlPlane
let authority: AuthorizationServer
let upstream: GuardedServer
before(async () => {
  castellan = await controlPlane()
  await castellan.ask('PUT', '/api/policies', { files: { 'all.cedar': 'permit (principal, action, resource);' } })
})
after(() => castellan[Symbol.asyncDispose]())
beforeEach(async () => {
  authority = await AuthorizationServer.start()
  upstream = await GuardedServer.start(authority)
})
afterEach(async () => {
  await castellan.ask('DELETE', '/api/mcp-servers/guarded')
  await upstream[Symbol.asyncDispose]()
  await authority[Symbol.asyncDispose]()
})

describe('a server behind OAuth', () => {
  test('is added before anybody authorized it, and says what it needs', async () => {
    const added = await add()
    assert.equal(added.health.status, 'needs_authorization')
    assert.match(added.health.reason ?? '', /castellan servers authorize guarded/)
    assert.equal(added.authorization?.status, 'needed')
  })

  test('works once a person has said yes, and nothing secret is to be read anywhere', async () => {
    await add()
    const page = await authorize()
    assert.deepEqual([page.status, page.text.includes('Authorized')], [200, true])
    await isActive()
    assert.equal((await look()).outcome, 'ok')
    const { authorization } = await server()
    assert.deepEqual([authorization?.status, authorization?.issuer], ['authorized', authority.url])

    const events = await castellan.ask<{ items: { type: string }[] }>('GET', '/api/journal?topic=server.*&limit=500')
    const types = new Set(events.items.map(({ type }) => type))
    assert.ok(types.has('server.authorization_needed') && types.has('server.authorized'), [...types].join())
    const said = JSON.stringify([events, await castellan.ask('GET', '/api/mcp-servers'), castellan.log])
    for (const text of [said, await everyFileOf(castellan.folder)]) {
      for (const word of ['access-', 'refresh-', 'code-', 'secret-of-client']) assert.ok(!text.includes(word), word)
    }
  })

  test('stays authorized over a restart, and an answer finds the question that was asked before it', async () => {
    await add()
    const url = await begin()
    castellan = await castellan.restart()
    // It listens elsewhere now; in life the address stays.
    const back = await authority.visit(url)
    assert.equal((await callback(new URL(`${back.pathname}${back.search}`, castellan.url))).status, 200)
    await isActive()
    castellan = await castellan.restart()
    assert.equal((await look()).outcome, 'ok')
    assert.equal(authority.registrations.length, 1)
  })

  test('gets a new token before the old one ends, and a refused one is renewed without the caller noticing', async () => {
    authority.life = 0
    await add()
    await authorize()
    await isActive()
    assert.equal((await look()).outcome, 'ok')
    assert.ok(new Set(upstream.presented).size > 2)
    authority.life = null
    assert.equal((await look()).outcome, 'ok')

    authority.revoke(false)
    const before = authority.tokenRequests.length
    const answers = await Promise.all(Array.from({ length: 10 }, () => look()))
    assert.deepEqual(new Set(answers.map(({ outcome }) => outcome)), new Set(['ok']))
    const renewals = authority.tokenRequests.slice(before)
    assert.deepEqual(
      renewals.map(form => form.get('grant_type')),
      ['refresh_token'],
    )
  })

  test('whose authorization was taken back says so at once, and nobody is asked in vain again', async () => {
    await add()
    await authorize()
    await isActive()
    authority.revoke(true)
    assert.equal((await look()).error, 'UPSTREAM_AUTHORIZATION_REQUIRED')
    await until('the status', server, ({ health }) => health.status === 'needs_authorization')
    const [asked, presented] = [authority.asked.length, upstream.presented.length]
    for (let times = 0; times < 5; times++) assert.equal((await look()).error, 'UPSTREAM_AUTHORIZATION_REQUIRED')
    assert.deepEqual([authority.asked.length, upstream.presented.length], [asked, presented])

    await authorize()
    await isActive()
    assert.equal((await look()).outcome, 'ok')
  })

  test('that wants more for one tool is asked for both at once, and the rest works meanwhile', async () => {
    await add()
    await authorize()
    await isActive()
    assert.equal((await call('change')).error, 'UPSTREAM_AUTHORIZATION_REQUIRED')
    assert.equal((await look()).outcome, 'ok')
    const { authorization, health } = await server()
    assert.deepEqual([authorization?.status, health.status], ['needed', 'active'])

    const url = await begin()
    assert.deepEqual(new URL(url).searchParams.get('scope')?.split(' ').toSorted(), ['read', 'write'])
    await callback(await authority.visit(url))
    assert.equal((await call('change')).outcome, 'ok')
    assert.deepEqual(
      upstream.ran.filter(name => name === 'change'),
      ['change'],
    )
  })

  test('whose other refusals are its own affair needs nobody', async () => {
    await add()
    await authorize()
    await isActive()
    const { outcome, error } = await call('forbidden')
    assert.deepEqual([outcome, error === 'UPSTREAM_AUTHORIZATION_REQUIRED'], ['indeterminate', false])
    assert.equal((await server()).authorization?.status, 'authorized')
  })

  test('can be forgotten, and lets nobody in then', async () => {
    await add()
    await authorize()
    await isActive()
    await castellan.ask('DELETE', '/api/mcp-servers/guarded/authorize')
    assert.equal((await look()).error, 'UPSTREAM_AUTHORIZATION_REQUIRED')
    const presented = upstream.presented.length
    await authorize()
    await isActive()
    assert.equal((await look()).outcome, 'ok')
    // It was asked for its demand with no token at all.
    assert.equal(upstream.presented[presented], null)
  })

  test('that moves to another address is not sent the tokens of the old one', async () => {
    await add()
    await authorize()
    await isActive()
    await using elsewhere = await GuardedServer.start(authority)
    const moved = { name: 'guarded', transport: 'streamable-http', url: elsewhere.url, auth: { type: 'oauth' } }
    const changed = await castellan.ask<Server>('PUT', '/api/mcp-servers/guarded', moved)
    assert.equal(changed.health.status, 'needs_authorization')
    assert.deepEqual(new Set(elsewhere.presented), new Set([null]))
  })

  test('that names another authorization server must be authorized there, and gets nothing of the old one', async () => {
    await add()
    await authorize()
    await isActive()
    await using other = await AuthorizationServer.start()
    upstream.authority = other
    assert.equal((await look()).error, 'UPSTREAM_AUTHORIZATION_REQUIRED')
    assert.equal(other.tokenRequests.length, 0)
    const page = await callback(await other.visit(await begin()))
    assert.equal(page.status, 200)
    assert.equal(other.registrations.length, 1)
    await isActive()
    assert.equal((await look()).outcome, 'ok')
  })
})

describe('an answer of an authorization server', () => {
  test('counts once, and only with the state that was given out last', async () => {
    await add()
    const first = await authority.visit(await begin())
    const second = await authority.visit(await begin())
    assert.equal((await callback(first)).status, 400)
    assert.equal((await callback(second)).status, 200)
    assert.equal((await callback(second)).status, 400)
    assert.equal(authority.tokenRequests.length, 1)
  })

  test('counts for no other server, and not without a state', async () => {
    await add()
    const back = await authority.visit(await begin())
    const state = back.searchParams.get('state')!
    await castellan.ask('POST', '/api/mcp-servers', { ...spec(), name: 'other' })
    const { id } = await castellan.ask<Server>('GET', '/api/mcp-servers/other')
    for (const wrong of ['', 'x', state.slice(0, -1), state.replace(/^[^.]+/, id), `${id}.`]) {
      back.searchParams.set('state', wrong)
      assert.equal((await callback(back)).status, 400, wrong)
    }
    back.searchParams.delete('state')
    assert.equal((await callback(back)).status, 400)
    assert.equal(authority.tokenRequests.length, 0)
    await castellan.ask('DELETE', '/api/mcp-servers/other')
  })

  test('that says no is told to the person, without a word of the answer itself', async () => {
    await add()
    authority.says = 'access_denied'
    const no = await authorize()
    assert.deepEqual([no.status, no.text.includes('the person said no')], [503, true])
    authority.says = '<script>alert(1)</script>'
    const strange = await authorize()
    assert.ok(!strange.text.includes('script'))
    assert.match((await server()).authorization?.reason ?? '', /holds no code/)
  })

  test('of another than was asked is not redeemed', async () => {
    await add()
    authority.iss = 'https://somebody.else'
    assert.equal((await authorize()).status, 503)
    assert.equal(authority.tokenRequests.length, 0)
  })

  test('is needed only where a server is set to OAuth', async () => {
    const plain = { name: 'guarded', transport: 'streamable-http', url: upstream.url, allow_unhealthy: true }
    await castellan.ask('POST', '/api/mcp-servers', plain)
    const problem = await castellan.ask<{ detail: string }>('POST', '/api/mcp-servers/guarded/authorize', {}, 400)
    assert.match(problem.detail, /servers set guarded --oauth/)
  })
})

describe('castellan servers', () => {
  const cli = (argv: readonly string[], given: Parameters<typeof run>[1] = {}) => {
    const variables = { CASTELLAN_URL: castellan.url, CASTELLAN_KEY: castellan.key, ...given.variables }
    return run(['servers', ...argv], { ...given, variables })
  }

  test('add and authorize take a person to the authorization server, and wait for them', async () => {
    const added = await cli(['add', 'guarded', '--oauth', '--endpoint', upstream.url])
    assert.match(added.out, /^Added guarded; it needs to be authorized: castellan servers authorize guarded$/m)
    let shown = ''
    const authorized = await cli(['authorize', 'guarded'], {
      err: text => {
        shown += text
        // The person opens what they are shown.
        const url = /https?:\S+/.exec(text)?.[0]
        if (url !== undefined) void open(url)
      },
    })
    assert.match(shown, /^Open this in a browser: http/)
    assert.deepEqual(
      [authorized.code, authorized.out],
      [0, `guarded is authorized by ${authority.url}.\n3 tools, 0 resources, 0 templates, 0 prompts\n`],
    )
    assert.match((await cli(['show', 'guarded'])).out, /^authorization +authorized by http:\S+ for read$/m)

    assert.equal((await cli(['authorize', 'guarded', '--forget'])).code, 0)
    const { out } = await cli(['list'])
    assert.match(out, /^guarded +streamable-http +(needs_authorization|active)/m)
  })

  test('authorize says when it came to nothing, and can leave the waiting to others', async () => {
    await add()
    authority.says = 'access_denied'
    const { out } = await cli(['authorize', 'guarded', '--no-wait', '--json'])
    const { authorization_url: url } = JSON.parse(out) as { authorization_url: string }
    const refused = cli(['authorize', 'guarded'], {
      err: text => {
        const shown = /https?:\S+/.exec(text)?.[0]
        if (shown !== undefined) void open(shown)
      },
    })
    assert.equal((await refused).code, 1)
    assert.match((await refused).out, /the person said no/)
    assert.equal((await callback(await authority.visit(url))).status, 400)
  })

  test('set takes a client that was registered by hand, whose secret is shown nowhere', async () => {
    await add()
    authority.clients.set('ours', { secret: 'planted-secret', redirects: [`${castellan.url}/oauth/callback`] })
    const client = ['--client-id', 'ours', '--client-secret', 'THEIRS', '--issuer', authority.url, '--scope', 'read']
    const changed = await cli(['set', 'guarded', ...client], { variables: { THEIRS: 'planted-secret' } })
    assert.equal(changed.code, 0, changed.err)
    const { auth } = await server()
    assert.deepEqual([auth?.client_id, auth?.scopes, auth?.issuer], ['ours', ['read'], authority.url])
    assert.ok(!JSON.stringify(auth).includes('planted'))
    await authorize()
    await isActive()
    assert.equal((await look()).outcome, 'ok')
    assert.equal(authority.registrations.length, 0)
    const missing = await cli(['set', 'guarded', '--client-secret', 'planted-secret'])
    assert.deepEqual([missing.code, missing.err.includes('planted')], [2, false])
    await cli(['set', 'guarded', '--no-oauth', '--allow-unhealthy'])
    assert.equal((await server()).auth, undefined)
  })
})

const spec = () => ({ name: 'guarded', transport: 'streamable-http', url: upstream.url, auth: { type: 'oauth' } })
const add = () => castellan.ask<Server>('POST', '/api/mcp-servers', spec())
const server = () => castellan.ask<Server>('GET', '/api/mcp-servers/guarded')
const isActive = async () => {
  await until('the server', server, ({ health }) => health.status === 'active')
  // Waits for what the server is being asked already.
  await castellan.ask('POST', '/api/mcp-servers/guarded/discover')
}
const look = () => call('look')

async function begin(): Promise<string> {
  const path = '/api/mcp-servers/guarded/authorize'
  return (await castellan.ask<{ authorization_url: string }>('POST', path)).authorization_url
}

/** A person says whatever the authorization server lets them say. */
async function authorize() {
  return open(await begin())
}

async function open(authorizationUrl: string) {
  return callback(await authority.visit(authorizationUrl))
}

async function callback(to: URL) {
  const response = await fetch(to)
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
  return { status: response.status, text: await response.text() }
}

/** Calls a tool by its original name; the fault when it was one. */
async function call(tool: string): Promise<{ readonly outcome: string; readonly error: unknown }> {
  const answer = await castellan.ask<{ outcome: string; error?: { data?: { code?: unknown } } }>('POST', '/api/calls', {
    name: `guarded__${tool}`,
    args: {},
  })
  return { outcome: answer.outcome, error: answer.error?.data?.code ?? null }
}

async function everyFileOf(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
  const texts = await Promise.all(names.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')))
  return texts.join('\n')
}
