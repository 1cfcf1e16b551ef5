import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type {
  Dropped,
  JournalEvent,
  List,
  Problem,
  Redriven,
  Run,
  Trigger,
  TriggerCreated,
  TriggerFailure,
  TriggerInput,
} from '@castellan/contracts'
import { CastellanClient } from '@castellan/sdk'
import { hire } from '../../apps/castellan/src/api/rest/fixtures/people.ts'
import { run } from '../../apps/castellan/src/cli/fixtures/run.ts'
import { freshPostgres } from '../../apps/castellan/src/adapters/store-sql/testing/fresh-postgres.ts'
import { castellanProcess } from '../support/castellan-process.ts'
import { type ControlPlane, controlPlane, until } from '../support/control-plane.ts'
import { adminOf, type Rest } from '../support/rest.ts'
import { postgresForTests } from '../support/services.ts'

const server = await postgresForTests()

const echo = 'name: echo\nnodes: [{ id: a, type: transform, expression: input }]\noutput: "=nodes.a.output"'
const hold = 'name: hold\nnodes: [{ id: a, type: wait, signal: go }]'

let castellan: ControlPlane
before(async () => {
  castellan = await controlPlane()
  await castellan.ask('PUT', '/api/workflows/echo', { source: echo })
  await castellan.ask('PUT', '/api/workflows/hold', { source: hold })
})
after(() => castellan[Symbol.asyncDispose]())

describe('a trigger of entries', () => {
  test('starts one run for each entry that matches and for which its condition holds, with what the entry says', async () => {
    const { url, key } = castellan
    // #region trigger
    const client = new CastellanClient({ url, key })
    await client.triggers.create({
      name: 'doors',
      source: { kind: 'entry', topic: 'custom.door.*' },
      condition: 'entry.data.door > 5',
      starts: { kind: 'workflow', name: 'echo', input: { door: '=entry.data.door', at: '=time', by: '=trigger.name' } },
    })
    // #endregion
    for (const door of [4, 6, 7]) await publish('custom.door.opened', { door })
    const { standing } = await until('two were started', () => shown('doors'), each => each.standing.started === 2) // prettier-ignore
    assert.deepEqual([standing.failed, standing.refused, standing.trouble], [0, 0, null])
    const outputs = await Promise.all((await runsOf('doors')).map(async id => outputOf(await ended(id))))
    assert.deepEqual(outputs.map(({ door }) => door).toSorted(), [6, 7])
    assert.ok(outputs.every(({ by, at }) => by === 'doors' && String(at).startsWith('20')))
  })

  test('acts for whoever described it, and no more than they do', async () => {
    const boss = await hire(castellan, { roles: ['admin'] })
    const made = await ask<Trigger>(boss.key, 'POST', '/api/triggers', onEntry('bossy', 'custom.boss'))
    assert.equal(made.principal, boss.id)
    await publish('custom.boss', {})
    await until('it was started', () => shown('bossy'), each => each.standing.started === 1) // prettier-ignore
    const [id] = await runsOf('bossy')
    assert.equal((await ended(id!)).principal, boss.id)
    await castellan.ask('DELETE', `/api/keys/${boss.keyId}`)
    await publish('custom.boss', {})
    const { standing } = await until('it fails', () => shown('bossy'), each => each.standing.failed === 1) // prettier-ignore
    assert.equal(standing.started, 1)
    assert.match(standing.trouble!, /may no longer act here/)
  })

  test('tells why it could not start something, and goes on with the next entry', async () => {
    await castellan.ask('POST', '/api/triggers', {
      ...onEntry('wrong', 'custom.wrong'),
      starts: { kind: 'workflow', name: '=no', input: '=$number(entry.data.n)' },
    }, 201) // prettier-ignore
    await publish('custom.wrong', { n: 1 })
    const first = await until('it failed', () => shown('wrong'), each => each.standing.failed === 1) // prettier-ignore
    assert.match(first.standing.trouble!, /no workflow "=no"/)
    await castellan.ask('PUT', '/api/triggers/wrong', { ...onEntry('wrong', 'custom.wrong'), starts: { kind: 'workflow', name: 'echo', input: '=$number(entry.data.n)' } }) // prettier-ignore
    await publish('custom.wrong', { n: 'x' })
    await publish('custom.wrong', { n: 3 })
    const { standing } = await until('the next was started', () => shown('wrong'), each => each.standing.started === 1) // prettier-ignore
    assert.deepEqual([standing.failed, standing.trouble], [2, null])
    const failures = await castellan.ask<List<JournalEvent>>('GET', '/api/journal?topic=trigger.failed')
    assert.equal(failures.items.filter(({ data }) => data['name'] === 'wrong').length, 2)
    await until('metrics count both', metrics, text => counted(text, 'failed') >= 2 && counted(text, 'started') >= 1)
  })

  test('keeps what it could not start, to be redriven once that is mended, or dropped', async () => {
    await castellan.ask('POST', '/api/triggers', { ...onEntry('later', 'custom.later', 'missing'), most_open: 2 }, 201)
    for (const n of [1, 2, 3, 4, 5]) await publish('custom.later', { n })
    await until('all failed', () => shown('later'), each => each.standing.failed === 5) // prettier-ignore
    const failures = async () =>
      (await castellan.ask<List<TriggerFailure>>('GET', '/api/triggers/later/failures?limit=500')).items
    const kept = await failures()
    assert.deepEqual(kept.map(({ event, why }) => [event.data['n'], /no workflow "missing"/.test(why)]), [5, 4, 3, 2, 1].map(n => [n, true])) // prettier-ignore
    const page = await castellan.ask<List<TriggerFailure>>('GET', `/api/triggers/later/failures?limit=2&after=${kept[1]!.offset}`) // prettier-ignore
    assert.deepEqual([page.items.map(({ event }) => event.data['n']), page.next], [[3, 2], String(kept[3]!.offset)])
    const one = (n: number) => `/api/triggers/later/failures/${kept[5 - n]!.offset}`
    const problem = await castellan.ask('POST', `${one(1)}/redrive`, undefined, 400)
    assert.match(String(problem['detail']), /no workflow "missing"/)
    assert.equal((await failures()).length, 5)
    await castellan.ask('PUT', '/api/workflows/missing', { source: hold.replace('hold', 'missing') })
    const begun = await castellan.ask<Run>('POST', `${one(1)}/redrive`, undefined, 202)
    assert.deepEqual([begun.kind, begun.name], ['workflow', 'missing'])
    await castellan.ask('POST', `${one(1)}/redrive`, undefined, 404)
    await castellan.ask('DELETE', one(2), undefined, 204)
    await castellan.ask('DELETE', one(2), undefined, 404)
    // There is room for one more, which is the newest.
    const cli = ['--url', castellan.url, '--key', castellan.key]
    assert.match((await run(['triggers', 'failures', 'later', ...cli])).out, /custom\.later .*no workflow "missing"/)
    assert.match((await run(['triggers', 'redrive', 'later', ...cli])).out, /^1 run was started; 2 are left\./)
    assert.deepEqual(
      (await failures()).map(({ event }) => event.data['n']),
      [4, 3],
    )
    const full = await run(['triggers', 'redrive', 'later', String(kept[1]!.offset), ...cli])
    assert.notEqual(full.code, 0)
    assert.match((await run(['triggers', 'drop', 'later', String(kept[1]!.offset), ...cli])).out, /^Dropped/)
    assert.deepEqual(
      (await failures()).map(({ event }) => event.data['n']),
      [3],
    )
    const { standing } = await shown('later')
    assert.deepEqual([standing.open, standing.started, standing.failed], [2, 2, 5])
    const { items } = await castellan.ask<List<JournalEvent>>('GET', '/api/journal?topic=trigger.*&limit=500')
    const told = items.filter(({ data }) => data['name'] === 'later').map(({ type }) => type)
    const ends = ['trigger.redriven', 'trigger.dropped'].map(type => told.filter(each => each === type).length)
    assert.deepEqual(ends, [2, 2])
    for (const id of await runsOf('later')) await castellan.ask('POST', `/api/runs/${id}/signals/go`, null, 202)
  })

  test('never starts for what its own runs cause', async () => {
    const open = async () => (await castellan.ask<List<Run>>('GET', '/api/runs?limit=500')).items
    await until('nothing of others goes on', open, runs => runs.every(({ ended_at }) => ended_at !== null))
    await castellan.ask('POST', '/api/triggers', onEntry('endless', 'run.completed'), 201)
    const { id } = await castellan.ask<Run>('POST', '/api/workflows/echo/runs', { input: 1 }, 202)
    await ended(id)
    const one = await until('it refuses', () => shown('endless'), each => each.standing.refused > 0) // prettier-ignore
    assert.equal(one.standing.started, 1)
    await castellan.ask('DELETE', '/api/triggers/endless')
  })

  test('is not started at the end of a long chain of others', async () => {
    const names = Array.from({ length: 10 }, (_, n) => `link-${n}`)
    for (const name of names)
      await castellan.ask('PUT', `/api/workflows/${name}`, { source: echo.replace('echo', name) })
    for (const [n, name] of names.entries()) {
      if (n === 0) continue
      const condition = `entry.data.name = 'link-${n - 1}'`
      await castellan.ask('POST', '/api/triggers', { ...onEntry(name, 'run.queued', name), condition }, 201)
    }
    await castellan.ask('POST', '/api/workflows/link-0/runs', { input: 1 }, 202)
    const last = await until('the ninth is refused', () => shown('link-9'), each => each.standing.refused > 0) // prettier-ignore
    assert.match(last.standing.trouble!, /8 triggers have started each other/)
    assert.deepEqual([last.standing.started, (await shown('link-8')).standing.started], [0, 1])
    for (const name of names.slice(1)) await castellan.ask('DELETE', `/api/triggers/${name}`)
  })

  test('has no more runs open than it may: what is over waits, and nothing is lost', async () => {
    await castellan.ask('POST', '/api/triggers', { ...onEntry('few', 'custom.few', 'hold'), most_open: 2 }, 201)
    for (const n of [1, 2, 3, 4]) await publish('custom.few', { n })
    await until('two are open', () => shown('few'), each => each.standing.open === 2) // prettier-ignore
    for (let done = 0; done < 4; done++) {
      const open = await until('one is open', async () => { // prettier-ignore
        const runs = await Promise.all((await runsOf('few')).map(id => castellan.ask<Run>('GET', `/api/runs/${id}`)))
        assert.ok(runs.filter(({ ended_at }) => ended_at === null).length <= 2)
        return runs.filter(({ state }) => state === 'waiting')
      }, each => each.length > 0) // prettier-ignore
      await castellan.ask('POST', `/api/runs/${open[0]!.id}/signals/go`, null, 202)
      await ended(open[0]!.id)
    }
    await until('all have been', () => shown('few'), ({ standing }) => standing.started === 4 && standing.open === 0) // prettier-ignore
  })

  test('passes over what happens while it rests', async () => {
    await castellan.ask('POST', '/api/triggers', onEntry('resting', 'custom.rest'), 201)
    await castellan.ask('POST', '/api/triggers/resting/disable')
    await publish('custom.rest', { n: 1 })
    await castellan.ask('POST', '/api/triggers/resting/enable')
    await publish('custom.rest', { n: 2 })
    await until('it was started', () => shown('resting'), each => each.standing.started === 1) // prettier-ignore
    const [id] = await runsOf('resting')
    assert.deepEqual(outputOf(await ended(id!)), { n: 2 })
  })
})

describe('a trigger of a team', () => {
  const answer = { answer: "=message & ', seen'" }
  before(async () => {
    for (const name of ['guard', 'clerk'])
      await castellan.ask('POST', '/api/agents', { name, brain: { kind: 'rules', rules: [{ when: 'true', do: answer }] } }, 201) // prettier-ignore
    const members = [{ agent: 'guard' }, { agent: 'clerk' }]
    await castellan.ask('POST', '/api/teams', { name: 'desk', members, protocol: { type: 'sequential' } }, 201)
  })
  const onDesk = (name: string, topic: string, input: unknown): TriggerInput => ({
    name,
    source: { kind: 'entry', topic },
    starts: { kind: 'team', name: 'desk', input },
  })

  test('has it do what each entry says', async () => {
    await castellan.ask('POST', '/api/triggers', onDesk('visits', 'custom.visit', '="Door " & $string(entry.data.door)'), 201) // prettier-ignore
    for (const door of [4, 6]) await publish('custom.visit', { door })
    await until('two were started', () => shown('visits'), each => each.standing.started === 2) // prettier-ignore
    const runs = await Promise.all((await runsOf('visits')).map(ended))
    assert.deepEqual(runs.map(({ kind, name, state }) => [kind, name, state]), [['team', 'desk', 'completed'], ['team', 'desk', 'completed']]) // prettier-ignore
    const answers = runs.map(({ output }) => (output as { response: string }).response)
    assert.deepEqual(answers.map(each => /Door \d/.exec(each)?.[0]).toSorted(), ['Door 4', 'Door 6'])
  })

  test('never starts for what its own members cause', async () => {
    await castellan.ask('POST', '/api/triggers', onDesk('circle', 'run.completed', 'Again.'), 201)
    const { id } = await castellan.ask<Run>('POST', '/api/agents/guard/runs', { user_message: 'Go.' }, 202)
    await ended(id)
    const { standing } = await until('it refuses', () => shown('circle'), each => each.standing.refused > 0) // prettier-ignore
    assert.equal(standing.started, 1)
    await castellan.ask('DELETE', '/api/triggers/circle')
  })

  test('tells what a team cannot begin with, and that there is none', async () => {
    await castellan.ask('POST', '/api/triggers', onDesk('mute', 'custom.mute', '=entry.data'), 201)
    await publish('custom.mute', { context: {} })
    const { standing } = await until('it failed', () => shown('mute'), each => each.standing.failed === 1) // prettier-ignore
    assert.match(standing.trouble!, /nothing to begin the team with: user_message/)
    await publish('custom.mute', { user_message: 'Who is there?', context: { door: 4 } })
    const { standing: next } = await until('the next was started', () => shown('mute'), each => each.standing.started === 1) // prettier-ignore
    assert.equal(next.trouble, null)
    await castellan.ask('DELETE', '/api/teams/desk')
    await publish('custom.mute', { user_message: 'And now?' })
    const last = await until('it failed', () => shown('mute'), each => each.standing.failed === 2) // prettier-ignore
    assert.match(last.standing.trouble!, /no team "desk"/)
  })
})

describe('a trigger that is called from outside', () => {
  let made: TriggerCreated
  before(async () => {
    made = await castellan.ask<TriggerCreated>('POST', '/api/triggers', {
      name: 'shop',
      source: { kind: 'webhook' },
      starts: { kind: 'workflow', name: 'echo', input: { order: '=webhook.body.order', id: '=webhook.id' } },
    })
  })

  test('takes what is signed, and once however often it is sent', async () => {
    const body = '{"order": 17}'
    const all = await Promise.all([1, 2, 3].map(() => call(made, 'msg-1', body)))
    assert.deepEqual(all, [202, 202, 202])
    assert.equal(await call(made, 'msg-2', 'no JSON'), 202)
    await until('two were started', () => shown('shop'), each => each.standing.started === 2) // prettier-ignore
    const outputs = await Promise.all((await runsOf('shop')).map(async id => outputOf(await ended(id))))
    assert.deepEqual(outputs.toSorted((a, b) => String(a.id).localeCompare(String(b.id))), [{ order: 17, id: 'msg-1' }, { order: null, id: 'msg-2' }]) // prettier-ignore
  })

  test('refuses whoever cannot sign, in the same words as where there is none', async () => {
    const refused = [
      await call({ ...made, made_secret: 'whsec_AAAA' }, 'msg-3', '{}'),
      await call(made, 'msg-4', '{}', { timestamp: Math.floor(Date.now() / 1_000) - 400 }),
      await call(made, 'msg-5', '{}', { sent: '{ }' }),
      await call({ ...made, url: made.url!.replace(/.$/, last => (last === '0' ? '1' : '0')) }, 'msg-6', '{}'),
      await call({ ...made, url: made.url!.replace('default', 'acme') }, 'msg-7', '{}'),
    ]
    assert.deepEqual(refused, [403, 403, 403, 403, 403])
    const bare = await fetch(made.url!, { method: 'POST', body: '{}' })
    assert.equal(((await bare.json()) as { code: string }).code, 'SIGNATURE_INVALID')
    assert.equal((await shown('shop')).standing.started, 2)
    assert.equal((await castellan.ask<TriggerCreated>('GET', '/api/triggers/shop')).made_secret, undefined)
  })
})

describe('of which as much failed as may be kept', () => {
  let few: ControlPlane
  before(async () => {
    few = await controlPlane({ runsMostFailuresOfTrigger: '2' })
    await few.ask('PUT', '/api/workflows/echo', { source: echo })
  })
  after(() => few[Symbol.asyncDispose]())
  const standing = (name: string) => few.ask<Trigger>('GET', `/api/triggers/${name}`)
  const stalled = (name: string, wanted: boolean) =>
    until(wanted ? 'it stands still' : 'it goes on', () => standing(name), each => each.standing.stalled === wanted) // prettier-ignore
  const failuresOf = (name: string) => few.ask<List<TriggerFailure>>('GET', `/api/triggers/${name}/failures`)
  const cli = async (...words: string[]) => (await run([...words, '--url', few.url, '--key', few.key])).out
  const logged = (event: string, name: string) =>
    few.log.map(line => JSON.parse(line) as Record<string, unknown>).filter(each => each['event'] === event && each['name'] === name) // prettier-ignore

  test('a trigger of entries stands still, says so everywhere, and goes on where it was', async () => {
    await few.ask('POST', '/api/triggers', onEntry('full', 'custom.full', 'missing'), 201)
    for (const n of [1, 2, 3]) await few.ask('POST', '/api/events', { type: 'custom.full', data: { n } }, 201)
    const { standing: full } = await stalled('full', true)
    assert.deepEqual([full.failed, full.kept], [2, 2])
    assert.match(await cli('triggers'), /full .* stalled /)
    assert.match(await cli('triggers', 'show', 'full'), /state +stalled\n[^]*failed +2, of which 2 are kept/)
    assert.match(await cli('doctor'), /the trigger full stands still: 2 of its failures are kept/)
    const text = await (await fetch(`${few.url}/metrics`, { headers: { authorization: `Bearer ${few.key}` } })).text()
    assert.match(text, /^castellan_trigger_stalled\{tenant="default",trigger="full"\} 1$/m)
    assert.match(text, /^castellan_trigger_failures_kept\{tenant="default",trigger="full"\} 2$/m)
    const why = { level: 'warn', why: 'There is no workflow "missing".' }
    const failed = await until('both are logged', async () => logged('trigger.failed', 'full'), all => all.length === 2) // prettier-ignore
    for (const line of failed) assert.deepEqual(line, { ...line, ...why })
    const [told] = await until('it is logged', async () => logged('trigger.stalled', 'full'), all => all.length === 1) // prettier-ignore
    assert.deepEqual([told!['level'], told!['kept'], told!['limit']], ['warn', 2, 2])
    await few.ask('PUT', '/api/workflows/missing', { source: echo.replace('echo', 'missing') })
    assert.match(await cli('triggers', 'redrive', 'full'), /^2 runs were started\./)
    const { standing: after } = await until('the third was started', () => standing('full'), each => each.standing.started === 3) // prettier-ignore
    assert.deepEqual([after.failed, after.kept, after.stalled], [2, 0, false])
    const { items } = await few.ask<List<JournalEvent>>('GET', '/api/journal?topic=trigger.*&limit=500')
    const turns = items.map(({ type }) => type).filter(type => /stalled|resumed/.test(type))
    assert.deepEqual(turns, ['trigger.stalled', 'trigger.resumed'])
  })

  test('a trigger whose failures are all dropped goes on, and what nobody has seen is not dropped with them', async () => {
    await few.ask('POST', '/api/triggers', onEntry('dropping', 'custom.drop', 'away'), 201)
    for (const n of [1, 2, 3]) await few.ask('POST', '/api/events', { type: 'custom.drop', data: { n } }, 201)
    await stalled('dropping', true)
    assert.match(await cli('triggers', 'drop', 'dropping', '--all'), /^Dropped 2\./)
    const kept = await until('the third failed', () => failuresOf('dropping'), ({ items }) => items.length === 1) // prettier-ignore
    assert.deepEqual(kept.items.map(({ event }) => event.data['n']), [3]) // prettier-ignore
    await stalled('dropping', false)
    const path = '/api/triggers/dropping'
    const older = await few.ask<Dropped>('DELETE', `${path}/failures?after=${kept.items[0]!.offset}`)
    assert.deepEqual(older, { dropped: 0, left: 1, next: null })
    assert.deepEqual(await few.ask('POST', `${path}/redrive`), { redriven: 0, left: 1, next: null })
    assert.match(await cli('triggers', 'redrive', 'dropping'), /^0 runs were started; 1 is left\./)
    assert.notEqual((await run(['triggers', 'drop', 'dropping', '--url', few.url, '--key', few.key])).code, 0)
    assert.deepEqual(await few.ask('DELETE', `${path}/failures`), { dropped: 1, left: 0, next: null })
    const { items } = await few.ask<List<JournalEvent>>('GET', '/api/journal?topic=trigger.dropped&limit=500')
    assert.equal(items.filter(({ data }) => data['name'] === 'dropping').length, 3)
  })

  test('nobody of another tenant redrives or drops them', async () => {
    await few.ask('POST', '/api/tenants', { id: 'acme' })
    const stranger = await hire(few, { tenant: 'acme', roles: ['admin'] })
    const asked = [
      ['POST', 'redrive'],
      ['DELETE', 'failures'],
    ].map(async ([method, what]) => {
      // prettier-ignore
      const headers = { authorization: `Bearer ${stranger.key}` }
      return (await fetch(`${few.url}/api/triggers/dropping/${what}`, { method: method!, headers })).status
    })
    assert.deepEqual(await Promise.all(asked), [404, 404])
  })

  test('a call from outside is refused with what is to be done, and what was let in before is not', async () => {
    const starts = { kind: 'workflow', name: 'nowhere', input: '=webhook.body' }
    const made = await few.ask<TriggerCreated>('POST', '/api/triggers', { name: 'gate', source: { kind: 'webhook' }, starts }) // prettier-ignore
    for (const id of ['a', 'b']) assert.equal(await call(made, id, '{}'), 202)
    await stalled('gate', true)
    assert.equal(await call(made, 'a', '{}'), 202)
    assert.equal(await call({ ...made, made_secret: 'whsec_AAAA' }, 'c', '{}'), 403)
    const refused = await sent(made, 'c', '{}')
    const problem = (await refused.json()) as Problem
    assert.deepEqual([refused.status, problem.code, problem.retryable], [503, 'TRIGGER_STALLED', true])
    assert.match(problem.detail, /"gate" stands still: it keeps 2 failures, .* castellan triggers drop gate OFFSET/)
    const { items } = await few.ask<List<TriggerFailure>>('GET', '/api/triggers/gate/failures')
    await few.ask('DELETE', `/api/triggers/gate/failures/${items[0]!.offset}`, undefined, 204)
    assert.equal(await call(made, 'c', '{}'), 202)
    await until('it failed, too', () => standing('gate'), each => each.standing.failed === 3) // prettier-ignore
    await stalled('gate', true)
  })
})

describe('a trigger of moments', () => {
  test('starts a run at each of them, and says when the next is', async () => {
    const { next_at } = await castellan.ask<Trigger>('POST', '/api/triggers', onCron('ticks', '* * * * * *'), 201)
    assert.ok(next_at !== null)
    const { standing } = await until('some were started', () => shown('ticks'), each => each.standing.started >= 3) // prettier-ignore
    await castellan.ask('DELETE', '/api/triggers/ticks')
    assert.equal(standing.failed, 0)
    const moments = await castellan.ask<List<JournalEvent>>('GET', '/api/journal?topic=trigger.due')
    const of = moments.items.map(({ data }) => String(data['moment']))
    assert.equal(new Set(of).size, of.length)
  })

  test('is refused when there is no such time', async () => {
    const problem = await castellan.ask('POST', '/api/triggers', onCron('never', '0 0 30 2 *'), 400)
    assert.equal(problem['code'], 'TRIGGER_INVALID')
  })
})

test('a run starts when it is to, and not before', async () => {
  const { body } = { body: { input: 1, start_in: '2s' } }
  const begun = await castellan.ask<Run>('POST', '/api/workflows/echo/runs', body, 202)
  const { state, started_at, queued_at } = await ended(begun.id)
  assert.equal(state, 'completed')
  assert.ok(Date.parse(started_at!) - Date.parse(queued_at) >= 2_000)
  const at = new Date(Date.now() + 2_000).toISOString()
  const { code, out, err } = await run(['workflows', 'start', 'echo', '--input', '2', '--at', at, '--json', '--url', castellan.url, '--key', castellan.key]) // prettier-ignore
  assert.equal(code, 0, err)
  assert.ok(Date.parse((await ended((JSON.parse(out) as Run).id)).started_at!) >= Date.parse(at))
  const far = await castellan.ask<Run>('POST', '/api/workflows/echo/runs', { start_at: '2150-01-01T00:00:00Z' }, 202)
  await castellan.ask('POST', `/api/runs/${far.id}/cancel`, undefined, 202)
  assert.equal((await ended(far.id)).state, 'cancelled')
  await castellan.ask('POST', '/api/workflows/echo/runs', { start_in: '1s', start_at: at }, 400)
})

test('triggers are made, shown and removed on the command line', async () => {
  const cli = async (...words: string[]) => {
    const { code, out, err } = await run([...words, '--url', castellan.url, '--key', castellan.key])
    assert.equal(code, 0, err)
    return out
  }
  await cli('triggers', 'create', 'nightly', '--workflow', 'echo', '--cron', '0 3 * * *', '--zone', 'Europe/Berlin', '--input', '{"at": "=time"}') // prettier-ignore
  assert.match(
    await cli('triggers', 'create', 'hooked', '--workflow', 'echo', '--webhook'),
    /\/hooks\/default\/.*whsec_/s,
  )
  await cli('triggers', 'create', 'watch', '--team', 'desk', '--topic', 'custom.watch', '--input', '"Look."')
  assert.match(await cli('triggers', 'show', 'watch'), /starts +team desk/)
  assert.match(await cli('triggers'), /nightly +cron 0 3 \* \* \* Europe\/Berlin +workflow echo/)
  assert.match(await cli('triggers', 'disable', 'nightly'), /nightly starts nothing/)
  assert.match(await cli('triggers', 'enable', 'nightly'), /nightly starts runs/)
  assert.match(await cli('triggers', 'show', 'nightly'), /next +20/)
  await cli('triggers', 'remove', 'nightly')
  await castellan.ask('GET', '/api/triggers/nightly', undefined, 404)
})

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  test(`on ${database}, each entry, call and moment starts one run, whoever is killed meanwhile`, { skip: database === 'PostgreSQL' && server.skip }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'castellan-triggers-'))
    const store = database === 'PostgreSQL' ? await freshPostgres(server.url) : null
    const flags = store === null ? [] : ['--database', store.url]
    try {
      const first = await castellanProcess(folder, ...flags)
      // On one folder there can be one process; on PostgreSQL two are at work on the same triggers.
      const second = store === null ? null : await castellanProcess(folder, ...flags)
      await using _first = first
      let rest = await adminOf(first.url, folder)
      await rest.must('PUT', '/api/workflows/echo', { body: { source: echo } })
      await rest.must('POST', '/api/triggers', { body: onEntry('each', 'custom.each') })
      const hooked = await rest.must<TriggerCreated>('POST', '/api/triggers', {
        body: { name: 'hook', source: { kind: 'webhook' }, starts: { kind: 'workflow', name: 'echo', input: '=webhook.body' } },
      }) // prettier-ignore
      await rest.must('POST', '/api/triggers', { body: onCron('tick', '* * * * * *') })
      const wanted = Array.from({ length: 60 }, (_, n) => n)
      for (const n of wanted.slice(0, 40)) {
        await rest.must('POST', '/api/events', { body: { type: 'custom.each', data: { n } } })
        if (n % 4 === 0) assert.equal(await call(hooked, `msg-${n}`, `{"n":${n}}`), 202)
      }
      first.signal('SIGKILL')
      await first.ended
      await using third = second ?? (await castellanProcess(folder, ...flags))
      rest = await adminOf(third.url, folder)
      for (const n of wanted.slice(40)) await rest.must('POST', '/api/events', { body: { type: 'custom.each', data: { n } } })
      // Sent once more, as whoever was not answered does.
      const url = `${third.url}${new URL(hooked.url!).pathname}`
      for (const n of wanted.slice(0, 40)) if (n % 4 === 0) assert.equal(await call({ ...hooked, url }, `msg-${n}`, `{"n":${n}}`), 202)
      const of = (name: string) => rest.must<Trigger>('GET', `/api/triggers/${name}`)
      await until('all entries had a run', () => of('each'), ({ standing }) => standing.started >= 60) // prettier-ignore
      await until('all calls had a run', () => of('hook'), ({ standing }) => standing.started >= 10) // prettier-ignore
      await until('moments had a run', () => of('tick'), ({ standing }) => standing.started >= 3) // prettier-ignore
      await rest.must('POST', '/api/triggers/tick/disable')
      await until('all have ended', () => rest.all<Run>('/api/runs'), runs => runs.every(({ ended_at }) => ended_at !== null)) // prettier-ignore
      const fired = await rest.all<JournalEvent>('/api/journal?topic=trigger.fired')
      const runsBy = (name: string) => fired.filter(({ data }) => data['name'] === name).map(({ data }) => String(data['run'])) // prettier-ignore
      const numbers = async (name: string) =>
        (await Promise.all(runsBy(name).map(async id => outputOf(await rest.must<Run>('GET', `/api/runs/${id}`))['n'] as number))).toSorted((a, b) => a - b) // prettier-ignore
      assert.deepEqual(await numbers('each'), wanted)
      assert.deepEqual(await numbers('hook'), wanted.slice(0, 40).filter(n => n % 4 === 0)) // prettier-ignore
      const moments = (await rest.all<JournalEvent>('/api/journal?topic=trigger.due')).map(({ data }) => data['moment'])
      assert.equal(new Set(moments).size, moments.length)
      const offsets = fired.map(({ data }) => `${String(data['trigger'])} ${String(data['offset'])}`)
      assert.equal(new Set(offsets).size, offsets.length)
      assert.equal((await rest.all<Run>('/api/runs')).length, fired.length)
    } finally {
      await store?.drop()
      await rm(folder, { recursive: true, force: true })
    }
  }) // prettier-ignore

  test(`on ${database}, what failed has one end, redriven or dropped by several of whom one is killed`, { skip: database === 'PostgreSQL' && server.skip }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'castellan-redrive-'))
    const store = database === 'PostgreSQL' ? await freshPostgres(server.url) : null
    const flags = store === null ? [] : ['--database', store.url]
    try {
      const first = await castellanProcess(folder, ...flags)
      const second = store === null ? null : await castellanProcess(folder, ...flags)
      await using _first = first
      await using _second = second
      let rest = await adminOf(first.url, folder)
      await rest.must('POST', '/api/triggers', { body: { ...onEntry('each', 'custom.each', 'late'), most_open: 1_000 } })
      const wanted = Array.from({ length: 80 }, (_, n) => n)
      for (const n of wanted) await rest.must('POST', '/api/events', { body: { type: 'custom.each', data: { n } } })
      const of = () => rest.must<Trigger>('GET', '/api/triggers/each')
      await until('all failed', of, ({ standing }) => standing.kept === wanted.length)
      await rest.must('PUT', '/api/workflows/late', { body: { source: echo.replace('echo', 'late') } })
      const begun = await rest.must<Redriven>('POST', '/api/triggers/each/redrive?limit=10')
      assert.deepEqual([begun.redriven, begun.left, begun.next !== null], [10, 70, true])
      const broken = rest.ask('POST', '/api/triggers/each/redrive').catch(() => null)
      await until('it is in the midst', of, ({ standing }) => standing.kept < 60)
      first.signal('SIGKILL')
      await Promise.all([first.ended, broken])
      await using third = second ?? (await castellanProcess(folder, ...flags))
      rest = await adminOf(third.url, folder)
      const { kept } = (await of()).standing
      assert.ok(kept > 0 && kept < 60)
      const [redriven, dropped] = await Promise.all([
        rest.must<Redriven>('POST', '/api/triggers/each/redrive'),
        rest.must<Dropped>('DELETE', '/api/triggers/each/failures'),
      ])
      assert.equal(redriven.redriven + dropped.dropped, kept)
      assert.equal((await of()).standing.kept, 0)
      const told = async (what: string) =>
        (await rest.all<JournalEvent>(`/api/journal?topic=trigger.${what}`)).map(({ data }) => Number(data['offset']))
      const [failed, begunFor, ends, gone] = await Promise.all(['failed', 'fired', 'redriven', 'dropped'].map(told)) // prettier-ignore
      assert.deepEqual([...ends!, ...gone!].toSorted((a, b) => a - b), failed!.toSorted((a, b) => a - b))
      assert.deepEqual(begunFor!.toSorted((a, b) => a - b), ends!.toSorted((a, b) => a - b))
      const runs = await until('all have ended', () => rest.all<Run>('/api/runs'), all => all.every(({ ended_at }) => ended_at !== null)) // prettier-ignore
      assert.equal(runs.length, ends!.length)
    } finally {
      await store?.drop()
      await rm(folder, { recursive: true, force: true })
    }
  }) // prettier-ignore
}

function onEntry(name: string, topic: string, workflow = 'echo'): TriggerInput {
  return {
    name,
    source: { kind: 'entry', topic },
    starts: { kind: 'workflow', name: workflow, input: '=entry.data' },
  }
}

function onCron(name: string, expression: string): TriggerInput {
  return { name, source: { kind: 'cron', expression }, starts: { kind: 'workflow', name: 'echo', input: '=time' } }
}

/** As whoever calls does, from the specification of Standard Webhooks 1.0 and nothing of ours. */
async function call(
  made: Pick<TriggerCreated, 'url' | 'made_secret'>,
  id: string,
  body: string,
  how: Parameters<typeof sent>[3] = {},
): Promise<number> {
  return (await sent(made, id, body, how)).status
}

async function sent(
  { url, made_secret: secret = '' }: Pick<TriggerCreated, 'url' | 'made_secret'>,
  id: string,
  body: string,
  { timestamp = Math.floor(Date.now() / 1_000), sent: bytes = body } = {},
): Promise<Response> {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  }
  return fetch(url!, { method: 'POST', headers, body: bytes })
}

const metrics = async () =>
  (await fetch(`${castellan.url}/metrics`, { headers: { authorization: `Bearer ${castellan.key}` } })).text()

/** How often triggers of entries came to this. */
function counted(text: string, outcome: string): number {
  const [, count] =
    new RegExp(`^castellan_triggers_total\\{kind="entry",outcome="${outcome}"\\} (\\d+)$`, 'm').exec(text) ?? []
  return Number(count ?? 0)
}

const shown = (name: string) => castellan.ask<Trigger>('GET', `/api/triggers/${name}`)

const publish = (type: string, data: object) => castellan.ask('POST', '/api/events', { type, data }, 201)

async function runsOf(name: string): Promise<string[]> {
  const { items } = await castellan.ask<List<JournalEvent>>('GET', '/api/journal?topic=trigger.fired&limit=500')
  return items.filter(({ data }) => data['name'] === name).map(({ data }) => String(data['run']))
}

const ended = (id: string) =>
  until('it ends', () => castellan.ask<Run>('GET', `/api/runs/${id}`), ({ ended_at }) => ended_at !== null) // prettier-ignore

function outputOf({ output }: Run): Record<string, unknown> {
  return (output as { output: Record<string, unknown> }).output
}

async function ask<T>(key: string, method: string, path: string, body: unknown): Promise<T> {
  const rest: Rest = { ...(await adminOf(castellan.url, castellan.folder)) }
  return rest.must<T>(method, path, { body, key })
}
