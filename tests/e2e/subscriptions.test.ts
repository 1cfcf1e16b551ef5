import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { DeadLetter, Delivery, Dropped, JournalEvent, List, Redriven, Subscription } from '@castellan/contracts'
import {
  type Handler,
  type HttpFixture,
  httpServer,
} from '../../apps/castellan/src/adapters/http-client/fixtures/http-server.ts'
import { hire } from '../../apps/castellan/src/api/rest/fixtures/people.ts'
import { run } from '../../apps/castellan/src/cli/fixtures/run.ts'
import { castellanProcess } from '../support/castellan-process.ts'
import { type ControlPlane, controlPlane, until } from '../support/control-plane.ts'

const SECRET = `whsec_${Buffer.from('a key of twenty-four by').toString('base64')}`

let castellan: ControlPlane
before(async () => {
  castellan = await controlPlane()
  await castellan.ask('PUT', '/api/secrets/hook', { value: SECRET })
})
after(() => castellan[Symbol.asyncDispose]())

describe('a webhook', () => {
  test('gets what is published as a signed CloudEvent, redacted, and its id stays the same', async () => {
    let answers = 0
    await using hook = await receiver((_, response) => response.writeHead(++answers < 3 ? 503 : 204).end())
    await subscribe('doors', 'custom.door.*', hook)
    const publisher = await hire(castellan, { scopes: ['write'] })
    const wish = { type: 'custom.door.opened', id: 'door-1', data: { door: 7, password: 'hunter2' } }
    const event = await publish(publisher.key, wish)
    assert.deepEqual([event.subject, event.principal], ['event:door-1', publisher.id])
    await until('it arrived', () => hook.received.length, count => count === 3) // prettier-ignore
    await until('that is known', () => standing('doors'), ({ delivered }) => delivered === 1) // prettier-ignore
    for (const { headers, body } of hook.received) {
      assert.match(headers['content-type']!, /^application\/cloudevents\+json/)
      assert.equal(headers['webhook-id'], event.id)
      verify(headers, body)
      const { offset, ...told } = JSON.parse(body) as JournalEvent
      assert.deepEqual(told, event)
      assert.ok(offset! > 0)
      assert.doesNotMatch(body, /hunter2/)
    }
    await assert.rejects(publish(publisher.key, wish), /409/)
  })

  test('that stays away makes dead letters, which are redriven and dropped', async () => {
    let there = false
    await using hook = await receiver((_, response) => response.writeHead(there ? 200 : 400).end())
    await subscribe('strict', 'custom.order.>', hook, { max_attempts: 2, first_pause: '1ms', longest_pause: '1ms' })
    const published = [await publish(castellan.key, { type: 'custom.order.made' }), await publish(castellan.key, { type: 'custom.order.made' })] // prettier-ignore
    const path = '/api/dead-letters?subscription=strict'
    const letters = await until('they died', () => castellan.ask<List<DeadLetter>>('GET', path), ({ items }) => items.length === 2) // prettier-ignore
    assert.deepEqual(letters.items.map(({ event }) => event.id).toSorted(), published.map(({ id }) => id).toSorted())
    assert.ok(letters.items.every(({ why, attempts }) => why === 'it answered 400' && attempts === 2))
    const listed = await cli('dead-letters', 'list', '--subscription', 'strict')
    assert.match(listed, /it answered 400/)
    assert.match(await cli('subscriptions', 'list'), /strict +custom\.order\.> +failing/)
    there = true
    await cli('dead-letters', 'redrive', letters.items[0]!.id)
    await until('one arrived', () => standing('strict'), ({ delivered }) => delivered === 1) // prettier-ignore
    assert.equal(hook.received.at(-1)!.headers['webhook-id'], letters.items[0]!.event.id)
    await cli('dead-letters', 'drop', letters.items[1]!.id)
    assert.equal((await standing('strict')).dead_letters, 0)
    await castellan.ask('DELETE', `/api/dead-letters/${letters.items[1]!.id}`, undefined, 404)
    assert.match(await cli('subscriptions', 'redrive', 'strict'), /^0 are/)
    const metrics = await (await fetch(`${castellan.url}/metrics`, { headers: bearer(castellan.key) })).text()
    assert.match(metrics, /castellan_deliveries_made\{tenant="default",subscription="strict"\} 1/)
    assert.match(metrics, /castellan_dead_letters\{tenant="default",subscription="strict"\} 0/)
  })

  test('that stayed away gets all of it, or nothing of it, portion by portion', async () => {
    let there = false
    await using hook = await receiver((_, response) => response.writeHead(there ? 200 : 400).end())
    for (const name of ['many', 'other']) await subscribe(name, 'custom.many', hook, { max_attempts: 1 })
    for (const n of [1, 2, 3, 4]) await publish(castellan.key, { type: 'custom.many', data: { n } })
    for (const name of ['many', 'other'])
      await until('they died', () => standing(name), ({ dead_letters }) => dead_letters === 4) // prettier-ignore
    there = true
    const first = await castellan.ask<Redriven>('POST', '/api/subscriptions/many/redrive?limit=3')
    assert.deepEqual([first.redriven, first.left, first.next !== null], [3, 1, true])
    const rest = await castellan.ask<Redriven>('POST', `/api/subscriptions/many/redrive?limit=3&after=${first.next}`)
    assert.deepEqual(rest, { redriven: 1, left: 0, next: null })
    await until('they arrived', () => standing('many'), ({ delivered }) => delivered === 4) // prettier-ignore
    const dropped = await castellan.ask<Dropped>('DELETE', '/api/subscriptions/other/dead-letters?limit=1')
    assert.deepEqual([dropped.dropped, dropped.left, dropped.next !== null], [1, 3, true])
    assert.match(await cli('dead-letters', 'drop', '--subscription', 'other'), /^Dropped 3\./)
    assert.deepEqual(await castellan.ask('DELETE', '/api/subscriptions/other/dead-letters'), { dropped: 0, left: 0, next: null }) // prettier-ignore
    await castellan.ask('DELETE', '/api/subscriptions/other/dead-letters?after=7', undefined, 400)
    assert.equal((await run(['dead-letters', 'drop', '--url', castellan.url, '--key', castellan.key])).code, 2)
    const { id } = await castellan.ask<Subscription>('GET', '/api/subscriptions/other')
    const ends = await castellan.ask<List<JournalEvent>>('GET', '/api/journal?topic=delivery.dropped&limit=500')
    assert.equal(ends.items.filter(({ data }) => data['subscription'] === id).length, 4)
  })

  test('that is gone pauses its subscription, and it goes on where it was', async () => {
    let gone = true
    await using hook = await receiver((_, response) => response.writeHead(gone ? 410 : 200).end())
    await subscribe('moved', 'custom.move', hook)
    const event = await publish(castellan.key, { type: 'custom.move' })
    const path = '/api/subscriptions/moved'
    const paused = await until('it is paused', () => castellan.ask<Subscription>('GET', path), each => each.paused !== null) // prettier-ignore
    assert.match(paused.paused!.why, /410/)
    const { items } = await castellan.ask<List<Delivery>>('GET', `${path}/deliveries`)
    assert.deepEqual(items.map(each => [each.event.id, each.state]), [[event.id, 'due']]) // prettier-ignore
    gone = false
    assert.match(await cli('subscriptions', 'resume', 'moved'), /goes on/)
    await until('it arrived', () => standing('moved'), ({ delivered }) => delivered === 1) // prettier-ignore
  })

  test('where clouds hand out keys is never spoken to', async () => {
    const webhook = { url: 'http://169.254.169.254/latest/', secret: 'hook' }
    await castellan.ask('POST', '/api/subscriptions', { name: 'thief', topic: 'custom.theft', webhook })
    await publish(castellan.key, { type: 'custom.theft' })
    const { trouble } = await until('it was refused', () => standing('thief'), ({ failures }) => failures > 0) // prettier-ignore
    assert.match(trouble!, /leads to where it may not/)
    await castellan.ask('DELETE', '/api/subscriptions/thief')
  })
})

describe('nobody', () => {
  test('publishes what is not theirs to publish, or too large', async () => {
    for (const type of ['call.ended', 'custom', 'customer.x', 'custom.', 'custom.*', 'custom.X'])
      await castellan.ask('POST', '/api/events', { type }, 400)
    await castellan.ask('POST', '/api/events', { type: 'custom.x', data: { text: 'x'.repeat(70_000) } }, 413)
    const reader = await hire(castellan, { scopes: ['read'] })
    await assert.rejects(publish(reader.key, { type: 'custom.x' }), /403/)
  })

  test('sees or changes the subscriptions of another tenant', async () => {
    await using hook = await receiver((_, response) => response.end())
    await subscribe('own', 'custom.own', hook)
    await castellan.ask('POST', '/api/tenants', { id: 'acme' })
    const stranger = await hire(castellan, { roles: ['admin'], tenant: 'acme' })
    for (const [method, path] of [
      ['GET', '/api/subscriptions/own'],
      ['DELETE', '/api/subscriptions/own'],
      ['POST', '/api/subscriptions/own/resume'],
      ['GET', '/api/subscriptions/own/deliveries'],
      ['POST', '/api/subscriptions/own/redrive'],
      ['DELETE', '/api/subscriptions/own/dead-letters'],
    ] as const) {
      const response = await fetch(`${castellan.url}${path}`, { method, headers: bearer(stranger.key) })
      assert.equal(response.status, 404, `${method} ${path}`)
    }
  })
})

test('what was published before a kill -9 arrives after it, and what was acknowledged does not come again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'castellan-bus-'))
  const waiting: (() => void)[] = []
  let open = true
  await using hook = await receiver((_, response) => {
    const answer = () => response.writeHead(204).end()
    if (open) answer()
    else waiting.push(answer)
  })
  try {
    await using first = await castellanProcess(folder)
    await request(first, 'PUT', '/api/secrets/hook', { value: SECRET })
    await request(first, 'POST', '/api/subscriptions', { name: 'all', topic: 'custom.>', concurrency: 2, order: 'stream', webhook: { url: hook.url, secret: 'hook' } }) // prettier-ignore
    const before = await Promise.all([1, 2, 3].map(n => request<JournalEvent>(first, 'POST', '/api/events', { type: 'custom.n', data: { n } }))) // prettier-ignore
    const all = () => request<Subscription>(first, 'GET', '/api/subscriptions/all')
    await until('they arrived', all, ({ standing: { delivered } }) => delivered === 3)
    open = false
    const after: JournalEvent[] = []
    for (const n of [4, 5, 6, 7]) after.push(await request(first, 'POST', '/api/events', { type: 'custom.n', data: { n } })) // prettier-ignore
    await until('some are on their way', () => waiting.length, count => count === 2) // prettier-ignore
    first.signal('SIGKILL')
    await first.ended
    open = true
    await using second = await castellanProcess(folder)
    await until('all arrived', () => request<Subscription>(second, 'GET', '/api/subscriptions/all'), ({ standing: { delivered } }) => delivered === 7) // prettier-ignore
    const ids = hook.received.map(({ headers }) => String(headers['webhook-id']))
    const times = (id: string) => ids.filter(each => each === id).length
    assert.deepEqual(before.map(({ id }) => times(id)), [1, 1, 1]) // prettier-ignore
    assert.deepEqual(after.map(({ id }) => times(id)), [2, 2, 1, 1]) // prettier-ignore
    second.signal('SIGTERM')
    assert.equal((await second.ended).code, 0)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** As whoever receives it does, from the specification of Standard Webhooks 1.0 and nothing of ours. */
function verify(headers: HttpFixture['received'][number]['headers'], body: string): void {
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64')
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
  const expected = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
  assert.ok(String(headers['webhook-signature']).split(' ').includes(expected))
  assert.ok(Math.abs(Date.now() / 1_000 - Number(headers['webhook-timestamp'])) < 300)
}

async function receiver(handler: Handler): Promise<HttpFixture & AsyncDisposable> {
  const server = await httpServer(handler)
  return { ...server, [Symbol.asyncDispose]: () => server.stop() }
}

function subscribe(name: string, topic: string, hook: HttpFixture, retry: object = { first_pause: '1ms' }) {
  return castellan.ask<Subscription>('POST', '/api/subscriptions', {
    name,
    topic,
    retry,
    webhook: { url: `${hook.url}/in`, secret: 'hook' },
  })
}

async function cli(...words: string[]): Promise<string> {
  const { code, out, err } = await run([...words, '--url', castellan.url, '--key', castellan.key])
  assert.equal(code, 0, err)
  return out
}

async function standing(name: string): Promise<Subscription['standing']> {
  return (await castellan.ask<Subscription>('GET', `/api/subscriptions/${name}`)).standing
}

function publish(key: string, event: object): Promise<JournalEvent> {
  return request({ url: castellan.url, key }, 'POST', '/api/events', event)
}

async function request<T>(
  { url, key }: { readonly url: string; readonly key: string },
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const headers = { ...bearer(key), ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  const response = await fetch(`${url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  assert.ok(response.ok, `${method} ${path} answered ${response.status}: ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}

function bearer(key: string) {
  return { authorization: `Bearer ${key}` }
}
