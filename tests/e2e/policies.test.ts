import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { CallDecision, List, PolicySet, PolicyVersion, ReplayLine } from '@castellan/contracts'
import { DatabaseSync } from 'node:sqlite'
import { hire } from '../../apps/castellan/src/api/rest/fixtures/people.ts'
import { ask } from '../../apps/castellan/src/api/rest/fixtures/asking.ts'
import { type Ran, run } from '../../apps/castellan/src/cli/fixtures/run.ts'
import { type ControlPlane, controlPlane, stdioServer } from '../support/control-plane.ts'

const openToAll = { 'all.cedar': '@id("all") permit (principal, action, resource);' }
const noSums = {
  'all.cedar':
    '@id("all") permit (principal, action, resource);\n@id("no-sums") forbid (principal, action, resource) when { resource.name == "get-sum" };',
}

describe('a policy is changed', () => {
  let castellan: ControlPlane
  let folder: string
  before(async () => {
    castellan = await controlPlane()
    folder = await mkdtemp(join(tmpdir(), 'castellan-policies-'))
    await castellan.ask('POST', '/api/mcp-servers', stdioServer('everything'))
    await castellan.ask('PUT', '/api/policies', { files: openToAll })
  })
  after(async () => {
    await castellan[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const call = async (name: string, args: object) =>
    JSON.parse((await ask(castellan, 'POST', '/api/calls', { body: { name: `everything__${name}`, args } })).text) as {
      call_id: string
    }
  const castellanCli = (argv: readonly string[], given: { interactive?: boolean } = {}): Promise<Ran> =>
    run(argv, {
      ...given,
      variables: { CASTELLAN_URL: castellan.url, CASTELLAN_KEY: castellan.key, CASTELLAN_DATA: folder },
    })
  const write = async (name: string, files: Readonly<Record<string, string>>) => {
    const place = join(folder, name)
    await mkdir(place)
    for (const [file, text] of Object.entries(files)) await writeFile(join(place, file), text)
    return place
  }

  test('after it was tried on what happened, and a script can tell whether anybody would notice', async () => {
    const { call_id: id } = await call('get-sum', { a: 1, b: 2 })
    await call('echo', { message: 'hello' })
    const [same, other] = [await write('same', openToAll), await write('other', noSums)]
    const quiet = await castellanCli(['policy', 'replay', '--policy', same])
    assert.deepEqual([quiet.code, quiet.out.includes('No call would be ruled otherwise.')], [0, true], quiet.err)
    const loud = await castellanCli(['policy', 'replay', '--since', '7d', '--policy', other])
    assert.equal(loud.code, 1, loud.err)
    assert.match(loud.out, new RegExp(`everything/get-sum +allow → deny +1 +all.cedar#no-sums +${id}`))
    const watched = await castellanCli(['policy', 'replay', '--policy', other], { interactive: true })
    assert.match(watched.err, /2 calls until .*, 1 would change/)
    const json = await castellanCli(['policy', 'replay', '--policy', other, '--format', 'json', '--tool', '*/echo'])
    const { calls, changed } = JSON.parse(json.out) as { calls: number; changed: number }
    assert.deepEqual([json.code, calls, changed], [0, 1, 0])
  })

  test('and every decision explains itself, by the files that made it', async () => {
    const denied = await (async () => {
      await castellan.ask('PUT', '/api/policies', { files: noSums })
      return call('get-sum', { a: 1, b: 2 })
    })()
    await castellan.ask('PUT', '/api/policies', { files: openToAll })
    const decision = await castellan.ask<CallDecision>('GET', `/api/calls/${denied.call_id}/decision`)
    assert.deepEqual([decision.outcome, decision.ruling, decision.kept], ['denied_policy', 'deny', 'whole'])
    assert.deepEqual(decision.args, { a: 1, b: 2 })
    const [decided] = decision.decisions
    assert.deepEqual(decided?.reasons, ['all.cedar#no-sums'])
    assert.deepEqual([decision.today.ruling, decision.today.same], ['allow', false])
    const files = await castellan.ask<{ files: unknown; version: number }>(
      'GET',
      `/api/policies/history/${decided?.digest}`,
    )
    assert.deepEqual([files.files, files.version], [noSums, decided?.version])
    const told = await castellanCli(['policy', 'explain', denied.call_id])
    assert.equal(told.code, 0, told.err)
    assert.match(told.out, /stopped by +policy: all.cedar#no-sums/)
    assert.match(told.out, /Today it would be otherwise: allow\./)
  })

  test('an auditor sees which arguments there were, and none of their values', async () => {
    const { call_id: id } = await call('echo', { message: 'a private sentence' })
    const { key } = await hire(castellan, { roles: ['auditor'], scopes: ['read'] })
    const { text } = await ask(castellan, 'GET', `/api/calls/${id}/decision`, { key })
    assert.deepEqual((JSON.parse(text) as CallDecision).args, { message: '[redacted]' })
    assert.doesNotMatch(text, /private/)
  })

  test('and taken back, as a new version with the old files', async () => {
    await castellan.ask('PUT', '/api/policies', { files: noSums })
    const { items } = await castellan.ask<List<PolicyVersion>>('GET', '/api/policies/history')
    const [newest, before] = items
    assert.deepEqual(newest?.files, ['all.cedar'])
    const back = await castellanCli(['policy', 'rollback', String(before!.version)])
    assert.deepEqual([back.code, back.out.startsWith(`In force: version ${newest.version + 1} `)], [0, true], back.err)
    const set = await castellan.ask<PolicySet>('GET', '/api/policies')
    assert.deepEqual([set.files, set.digest], [openToAll, before!.digest])
    const journal = await castellan.ask<List<{ data: Record<string, unknown> }>>(
      'GET',
      '/api/journal?topic=policy.replaced&limit=500',
    )
    assert.deepEqual(
      [journal.items.at(-1)?.data['restores'], journal.items.at(-1)?.data['digest']],
      [before!.version, before!.digest],
    )
    const listed = await castellanCli(['policy', 'history'])
    assert.match(listed.out, new RegExp(`^${set.version} .* ${before!.version} +${before!.digest} +all.cedar$`, 'm'))
    assert.match((await castellanCli(['policy', 'history', newest.digest])).out, /no-sums/)
    assert.equal((await castellanCli(['policy', 'rollback', '999'])).code, 4)
  })

  test('an older version that is no longer valid replaces nothing', async () => {
    const { version } = await castellan.ask<PolicySet>('GET', '/api/policies')
    await castellan.stop()
    const db = new DatabaseSync(join(castellan.folder, 'castellan.db'), { timeout: 10_000 })
    db.prepare('UPDATE policy_versions SET files = ? WHERE version = 1').run(
      JSON.stringify({ 'old.cedar': 'permit (principal, action, resource) when { resource.colour == "red" };' }),
    )
    db.close()
    castellan = await castellan.restart()
    const refused = await ask(castellan, 'POST', '/api/policies/history/1/restore')
    assert.deepEqual(
      [refused.status, /POLICY_INVALID/.test(refused.text), /old.cedar:1/.test(refused.text)],
      [400, true, true],
    )
    assert.equal((await castellan.ask<PolicySet>('GET', '/api/policies')).version, version)
    assert.equal((await ask(castellan, 'POST', '/api/calls', { body: { name: 'everything__echo', args: { message: 'x' } } })).status, 200) // prettier-ignore
  })

  test('a bad candidate is refused before anything is said', async () => {
    for (const [body, why] of [
      [{ files: { 'a.cedar': 'nonsense' } }, /POLICY_INVALID/],
      [{}, /either/],
      [{ files: {}, bundle: 'AAAA' }, /either/],
      [{ bundle: 'AAAA' }, /no engine here decides by a bundle/],
      [{ files: {}, since: 'yesterday' }, /how long ago/],
      [{ files: { '../a.cedar': '' } }, /plain file name/],
    ] as const) {
      const { status, text } = await ask(castellan, 'POST', '/api/policies/replay', { body })
      assert.equal(status, 400, text)
      assert.match(text, why)
    }
  })

  test('an operator may try policies, and sees nothing of another tenant', async () => {
    const { key } = await hire(castellan, { roles: ['operator'], scopes: ['read'] })
    const report = async (as: string) => {
      const { text } = await ask(castellan, 'POST', '/api/policies/replay', { body: { files: {} }, key: as })
      const last = JSON.parse(text.trim().split('\n').at(-1)!) as Extract<ReplayLine, { report: unknown }>
      return last.report
    }
    assert.ok((await report(key)).changed > 0)
    await castellan.ask('POST', '/api/tenants', { id: 'acme' })
    const foreign = await hire(castellan, { roles: ['admin'], scopes: ['read'], tenant: 'acme' })
    assert.equal((await report(foreign.key)).calls, 0)
    const { items } = await castellan.ask<List<{ id: string }>>('GET', '/api/calls')
    const stolen = await ask(castellan, 'GET', `/api/calls/${items[0]!.id}/decision`, { key: foreign.key })
    assert.equal(stolen.status, 404)
    const history = await ask(castellan, 'GET', '/api/policies/history', { key: foreign.key })
    assert.equal((JSON.parse(history.text) as List<PolicyVersion>).items.length, 1, 'the one it began with')
  })
})
