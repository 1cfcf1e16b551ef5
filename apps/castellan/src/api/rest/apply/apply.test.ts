import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { ApplyAnswer, ManifestInput } from '@castellan/contracts'
import { type ControlPlane, controlPlane } from '../../../../../../tests/support/control-plane.ts'
import { applied, failures, idle, journalLength, told, type Wish } from './fixtures/applied.ts'

let castellan: ControlPlane
before(async () => {
  castellan = await controlPlane()
})
after(() => castellan[Symbol.asyncDispose]())
// Every test begins with nothing but the principals of earlier ones, which are never pruned.
beforeEach(() => apply({ servers: [], groups: [], grants: [], limits: [], approval_rules: [] }, { prune: true }))

const apply = (manifest: ManifestInput, wish: Wish = {}) => applied(castellan, manifest, wish)

const everything: ManifestInput = {
  servers: [
    {
      ...idle('files'),
      env: { TOKEN: 'a secret', HOME: { env: 'HOME' } },
      timeouts: { call: '90s' },
      probe_every: '60s',
    },
    { name: 'far', transport: 'sse', url: 'http://127.0.0.1:9/', headers: { 'X-Key': 'another secret' } },
  ],
  groups: [{ name: 'all', members: [{ server: 'files', names: ['*'] }] }],
  // Ångström, written in two ways that look the same.
  principals: [{ name: 'A\u030angstro\u0308m', kind: 'agent', roles: ['operator', 'member', 'operator'] }],
  grants: [
    { to: { principal: '\u00c5ngstr\u00f6m' }, server: 'files', primitive_type: 'tool', name: 'read_*' },
    { to: { role: 'member' }, server: '*', primitive_type: 'resource', name: '*', as_tool: true },
  ],
  limits: [
    { name: 'slow', to: { principal: '\u00c5ngstr\u00f6m' }, per_tool: { calls: 5, per: '60s' } },
    { name: 'calm', block: ['files/delete_*'] },
  ],
  policies: { 'open.cedar': 'permit (principal, action, resource);' },
}

describe('a manifest', () => {
  test('is made true in the order in which things refer to each other, and then there is nothing left to do', async () => {
    const first = await apply(everything)
    assert.deepEqual(told(first), [
      'create server files',
      'create server far',
      'create principal A\u030angstro\u0308m',
      'create group all',
      'create grant principal \u00c5ngstr\u00f6m: tool files/read_*',
      'create grant role member: resource */* as tool',
      'create limits slow',
      'create limits calm',
      'update policies policies open.cedar',
    ])
    assert.deepEqual(failures(first), [])

    const before = await journalLength(castellan)
    const second = await apply(everything)
    assert.deepEqual(new Set(second.actions.map(({ action }) => action)), new Set(['unchanged']))
    assert.equal(await journalLength(castellan), before)
  })

  test('that differs in one thing changes that one, and a secret only when its value does', async () => {
    const manifest = (token: string, description: string): ManifestInput => ({
      servers: [{ ...idle('files'), description, env: { TOKEN: token } }, idle('other')],
    })
    await apply(manifest('one', 'x'))
    assert.deepEqual(told(await apply(manifest('one', 'y'))), [
      'update server files description',
      'unchanged server other',
    ])
    assert.deepEqual(told(await apply(manifest('two', 'y'))), ['update server files env', 'unchanged server other'])
    assert.deepEqual(told(await apply(manifest('two', 'y'))), ['unchanged server files', 'unchanged server other'])
  })

  test('changes what groups, principals and limits say', async () => {
    const manifest = (names: string[], roles: ('member' | 'auditor')[], per: string): ManifestInput => ({
      groups: [{ name: 'some', members: [{ server: 'files', names }] }],
      principals: [{ name: 'ann', kind: 'user', roles }],
      limits: [{ name: 'few', to: { role: 'member' }, per_principal: { calls: 1, per } }],
    })
    await apply(manifest(['a'], ['member'], '1s'))
    assert.deepEqual(told(await apply(manifest(['a', 'b'], ['auditor'], '2s'))), [
      'update principal ann roles',
      'update group some members',
      'update limits few per_principal',
    ])
    const { items } = await castellan.ask<{ items: { name: string; roles: string[] }[] }>('GET', '/api/principals')
    assert.deepEqual(items.find(({ name }) => name === 'ann')?.roles, ['auditor'])
  })

  test('says how calls are approved', async () => {
    const manifest = (quorum: number, decide_within: string): ManifestInput => ({
      approval_rules: [{ name: 'bank', tools: ['bank/*'], quorum, decide_within }],
    })
    assert.deepEqual(told(await apply(manifest(1, '60m'))), ['create approval_rule bank'])
    assert.deepEqual(told(await apply(manifest(1, '1h'))), ['unchanged approval_rule bank'])
    assert.deepEqual(told(await apply(manifest(2, '30m'))), ['update approval_rule bank decide_within quorum'])
    const { items } = await castellan.ask<{ items: { quorum: number }[] }>('GET', '/api/approval-rules')
    assert.deepEqual(items.map(({ quorum }) => quorum), [2]) // prettier-ignore
    assert.deepEqual(told(await apply({ approval_rules: [] }, { prune: true })), ['delete approval_rule bank'])
    const twice = { approval_rules: [{ name: 'a' }, { name: 'a' }] }
    await castellan.ask('POST', '/api/apply', { manifest: twice }, 400)
  })

  test('that is only planned changes nothing', async () => {
    const before = await journalLength(castellan)
    const plan = await apply(
      { ...everything, principals: [...everything.principals!, { name: 'eve', kind: 'user' }] },
      { dry_run: true, prune: true },
    )
    assert.equal(plan.applied, false)
    assert.ok(told(plan).includes('create server files') && told(plan).includes('create principal eve'))
    assert.equal(await journalLength(castellan), before)
  })

  test('removes what its sections do not name only when that is wished, and never touches other sections', async () => {
    await apply(everything)
    assert.deepEqual(told(await apply({ servers: [idle('new')] })), ['create server new'])
    assert.deepEqual(told(await apply({ servers: [idle('new')], grants: [] }, { prune: true })), [
      'unchanged server new',
      'delete server far',
      'delete server files',
      'delete grant principal \u00c5ngstr\u00f6m: tool files/read_*',
      'delete grant role member: resource */* as tool',
    ])
    const names = async (path: string) =>
      (await castellan.ask<{ items: { name: string }[] }>('GET', path)).items.map(({ name }) => name)
    assert.deepEqual(await names('/api/mcp-servers'), ['new'])
    assert.deepEqual(await names('/api/groups'), ['all'])
    assert.deepEqual(await names('/api/limits'), ['calm', 'slow'])
    assert.ok((await names('/api/principals')).includes('\u00c5ngstr\u00f6m'))
  })

  test('leaves the policies it does not name in force until it prunes', async () => {
    const files = async () => Object.keys((await castellan.ask<{ files: object }>('GET', '/api/policies')).files)
    await apply({ policies: { 'one.cedar': '', 'two.cedar': '' } }, { prune: true })
    await apply({ policies: { 'two.cedar': 'permit (principal, action, resource);' } })
    assert.deepEqual((await files()).toSorted(), ['one.cedar', 'two.cedar'])
    await apply({ policies: { 'two.cedar': '' } }, { prune: true })
    assert.deepEqual(await files(), ['two.cedar'])
  })

  test('removes all of several grants that say the same', async () => {
    const grant = { to: { role: 'member' }, server: 'x', primitive_type: 'tool', name: 'y' }
    await castellan.ask('POST', '/api/grants', grant)
    await castellan.ask('POST', '/api/grants', grant)
    await apply({ grants: [] }, { prune: true })
    assert.deepEqual((await castellan.ask<{ items: unknown[] }>('GET', '/api/grants')).items, [])
  })

  test('does not take a grant to a principal for one to the role of that name', async () => {
    const principals = [{ name: 'role member', kind: 'agent' as const }]
    const grant = { server: 'x', primitive_type: 'tool' as const, name: 'y' }
    await apply({ principals, grants: [{ ...grant, to: { principal: 'role member' } }] })
    const answer = await apply({ grants: [{ ...grant, to: { role: 'member' } }] })
    assert.deepEqual(told(answer), ['create grant role member: tool x/y'])
  })
})

describe('a step that cannot be done', () => {
  test('says why, in the plan already, and keeps no other from being done', async () => {
    await apply({ servers: [idle('files')], principals: [{ name: 'bob', kind: 'user' }] })
    const manifest: ManifestInput = {
      servers: [
        { name: 'files', transport: 'sse', url: 'http://127.0.0.1:9/' },
        { name: 'wrong', transport: 'sse', url: 'gopher://127.0.0.1/' },
        { name: 'torn', transport: 'sse', url: 'http://127.0.0.1:9/', endpoints: ['http://127.0.0.1:9/'] },
        idle('fine'),
      ],
      principals: [{ name: 'bob', kind: 'agent' }],
      groups: [{ name: 'good', members: [] }],
    }
    const expected = [
      ['server files', /transport of a server cannot be changed from stdio to sse/],
      ['server wrong', /is not a URL with http/],
      ['server torn', /either "url" or "endpoints"/],
      ['principal bob', /of the kind user, and that cannot be changed/],
    ] as const
    for (const dry_run of [true, false]) {
      const failed = failures(await apply(manifest, { dry_run }))
      assert.deepEqual(
        failed.map(([what]) => what),
        expected.map(([what]) => what),
      )
      for (const [index, [, why]] of expected.entries()) assert.match(failed[index]![1], why)
    }
    assert.deepEqual(
      (await castellan.ask<{ items: { name: string }[] }>('GET', '/api/groups')).items.map(({ name }) => name),
      ['good'],
    )
    await castellan.ask('GET', '/api/mcp-servers/fine')
  })

  test('like a server that does not answer its probe, is tried again by applying again', async () => {
    const manifest: ManifestInput = {
      servers: [{ name: 'far', transport: 'sse', url: 'http://127.0.0.1:9/' }],
      groups: [],
    }
    const strict = { manifest, allow_unhealthy: false }
    const first = await castellan.ask<ApplyAnswer>('POST', '/api/apply', strict)
    assert.match(failures(first)[0]![1], /failed its probe/)
    assert.equal(first.applied, true)
    assert.deepEqual(failures(await apply(manifest)), [])
  })
})
