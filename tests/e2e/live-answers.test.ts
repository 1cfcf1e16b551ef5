import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { GuardrailsInput } from '@castellan/contracts'
import { hire } from '../../apps/castellan/src/api/rest/fixtures/people.ts'
import { type ControlPlane, controlPlane, until } from '../support/control-plane.ts'
import { adminOf, type Rest } from '../support/rest.ts'
import { type DictatedModel, dictatedModel } from './fixtures/dictated-model.ts'
import { LiveClient } from './fixtures/live-client.ts'

let model: DictatedModel
let castellan: ControlPlane
let rest: Rest
/** Keys of administrators: of the first tenant, and of another in which nothing is ever kept back. */
let here: string
let there: string

const agent = { name: 'poet', llm_config: { provider: 'dictated', model: 'muse' } }

before(async () => {
  model = await dictatedModel()
  const dictated = { kind: 'openai-compatible', base_url: model.url }
  const providers = { dictated, keyed: { ...dictated, api_key: 'secret:model-key' } }
  castellan = await controlPlane({ modelsProviders: JSON.stringify(providers) })
  rest = await adminOf(castellan.url, castellan.folder)
  here = castellan.key
  await castellan.ask('POST', '/api/tenants', { id: 'acme' })
  there = (await hire(castellan, { roles: ['admin'], tenant: 'acme' })).key
  for (const key of [here, there]) await rest.must('POST', '/api/agents', { body: agent, key })
  await guardrails({ mode: 'advisory' }, there)
})
beforeEach(() => guardrails({ mode: 'advisory' }))
after(async () => {
  await castellan[Symbol.asyncDispose]()
  await model[Symbol.asyncDispose]()
})

describe('whoever watches an agent', () => {
  test('hears what its model says while it says it, and all of it once it is there', async () => {
    await using client = await new LiveClient(castellan, 'poems').open()
    await using other = await new LiveClient(castellan, 'poems').open()
    const id = await client.run('poet', 'A poem, please.')
    const answer = await model.next()
    answer.think('Spring?')
    await client.hears('Spring?', 'm1.1.1', 'reasoning')
    answer.say('The snow ')
    answer.say('has ')
    await client.hears('The snow has ')
    answer.say('gone \u{1f338}.')
    await client.hears('The snow has gone \u{1f338}.')
    await other.hears('The snow has gone \u{1f338}.')
    assert.ok(!client.events.some(({ type }) => type === 'agent.reasoning'))
    answer.end()
    const whole = await client.told('agent.reasoning')
    assert.ok(whole.type === 'agent.reasoning')
    assert.equal(whole.text, 'The snow has gone \u{1f338}.')
    assert.ok(client.deltas.every(each => each.execution_id === id && each.iteration === whole.iteration))
    await client.told('execution.completed')
  })

  test('hears it once: it is in no place of the journal, and whoever comes back is told of the whole', async () => {
    const session = 'returning'
    let id = ''
    {
      await using client = await new LiveClient(castellan, session).open()
      id = await client.run('poet', 'A poem, please.')
      const answer = await model.next()
      answer.say('The snow')
      await client.hears('The snow')
      answer.end()
      await client.told('execution.completed')
    }
    await using client = await new LiveClient(castellan, `${session}?resume_from=0`).open()
    await client.told('execution.completed')
    assert.deepEqual(client.deltas, [])
    assert.ok(client.events.some(each => each.type === 'agent.reasoning' && each.text === 'The snow'))
    const lines = await rest.must<{ items: { type: string }[] }>('GET', `/api/runs/${id}/lines`)
    assert.ok(lines.items.every(({ type }) => !type.includes('delta')))
  })

  test('hears another answer from its beginning when the first broke off', async () => {
    await using client = await new LiveClient(castellan, 'broken').open()
    await client.run('poet', 'A poem, please.')
    const first = await model.next()
    first.say('The sn')
    await client.hears('The sn')
    first.cut()
    const second = await model.next()
    second.say('The snow')
    await client.hears('The snow', 'm1.1.2')
    second.end()
    await client.told('execution.completed')
  })

  test('and does not read loses pieces, and neither holds anybody up nor fills the memory', async () => {
    await using client = await new LiveClient(castellan, 'slow').open()
    await using slow = await new LiveClient(castellan, 'slow').open()
    await client.run('poet', 'A poem, please.')
    const answer = await model.next()
    slow.stopReading()
    const thought = 'm'.repeat(1_000_000)
    for (let count = 1; count <= MEGABYTES; count++) {
      answer.think(thought)
      await until(
        'another piece',
        () => client.heard('m1.1.1', 'reasoning').length,
        length => length === count * thought.length,
      )
    }
    answer.say('The snow')
    answer.end()
    await client.told('execution.completed')
    slow.goOnReading()
    const whole = await slow.told('agent.reasoning')
    assert.ok(whole.type === 'agent.reasoning' && whole.text === 'The snow')
    assert.ok(slow.deltas.length < MEGABYTES, `${slow.deltas.length} pieces of ${MEGABYTES} waited for it`)
  })
})

test('a secret that is known reaches nobody, however the model cuts it, and whoever is asked', async () => {
  const secret = 'sk-a-key-that-models-must-not-say'
  await rest.must('PUT', '/api/secrets/model-key', { body: { value: secret } })
  const keyed = { name: 'teller', llm_config: { provider: 'keyed', model: 'muse' } }
  await rest.must('POST', '/api/agents', { body: keyed, key: here })
  await using client = await new LiveClient(castellan, 'secretive').open()
  const id = await client.run('teller', `Is it ${secret}?`)
  const answer = await model.next()
  answer.think('It is sk-a-')
  await client.hears('It is ', 'm1.1.1', 'reasoning')
  answer.think('fact.')
  await client.hears('It is sk-a-fact.', 'm1.1.1', 'reasoning')
  answer.say('It is sk-a-key')
  await client.hears('It is ')
  for (const piece of [secret.slice('sk-a-key'.length, -1), 's', 'ay, and']) answer.say(piece)
  answer.say(' no more.')
  const concealed = `It is ${secret.slice(0, -1)}say, and no more.`
  await client.hears(concealed)
  answer.say(` ${secret}!`)
  await client.hears(`${concealed} [redacted]!`)
  answer.end()
  const whole = await client.told('agent.reasoning')
  assert.equal(whole.type === 'agent.reasoning' && whole.text, client.heard('m1.1.1'))
  await client.told('execution.completed')
  for (const path of [`/api/runs/${id}`, `/api/runs/${id}/lines`])
    assert.ok(!JSON.stringify(await rest.must('GET', path, { key: here })).includes(secret), path)
  assert.ok(!JSON.stringify([client.events, client.deltas]).includes(secret))
})

describe('what a model says', () => {
  const cautious: readonly GuardrailsInput[] = [
    {},
    { mode: 'hard_gate' },
    { mode: 'mixed', thresholds: { pii: null, secrets: null, injection: null, toxicity: null, exfiltration: null } },
    { mode: 'advisory', categories: { email: 'redact' } },
    { mode: 'advisory', categories: { email: 'allow', phone: 'warn' } },
  ]
  for (const terms of cautious) {
    test(`is heard only once it is whole where the guardrails are to be ${JSON.stringify(terms)}`, async () => {
      await guardrails(terms)
      await using client = await new LiveClient(castellan, 'careful').open()
      await client.run('poet', 'A poem, please.')
      const answer = await model.next()
      answer.think('Spring?')
      answer.say('The snow')
      await aPieceElsewhere()
      answer.end()
      await client.told('execution.completed')
      assert.deepEqual(client.deltas, [])
      assert.ok(client.events.some(each => each.type === 'agent.reasoning' && each.text === 'The snow'))
    })
  }

  test('is heard whole, and without what is taken out, in a session that was opened to be stricter', async () => {
    const body = { guardrail_config: { mode: 'mixed' } }
    const { id } = await rest.must<{ id: string }>('POST', '/api/sessions', { body, key: here })
    await using client = await new LiveClient(castellan, id).open()
    await client.run('poet', 'Where can I write to?')
    const answer = await model.next()
    answer.say('To ann@example.org.')
    await aPieceElsewhere()
    answer.end()
    await client.told('execution.completed')
    const whole = await client.told('agent.reasoning')
    assert.deepEqual([client.deltas, whole.type === 'agent.reasoning' && whole.text], [[], 'To [redacted:email].'])
  })

  test('is no longer heard from the moment on in which the guardrails are to do something, and then again', async () => {
    await using client = await new LiveClient(castellan, 'changing').open()
    await client.run('poet', 'A poem, please.')
    const answer = await model.next()
    answer.say('The ')
    await client.hears('The ')
    await guardrails({ mode: 'mixed' })
    answer.say('snow ')
    await aPieceElsewhere()
    await guardrails({ mode: 'advisory' })
    answer.say('has gone')
    await until(
      'another piece',
      () => client.deltas.map(({ from, text }) => [from, text]),
      seen => seen.length === 2,
    )
    answer.end()
    await client.told('execution.completed')
    assert.deepEqual(
      client.deltas.map(({ from, text }) => [from, text]),
      [
        [0, 'The '],
        [9, 'has gone'],
      ],
    )
  })

  test('is heard by nobody of another tenant, and by nobody else who may not see the run', async () => {
    const ann = await hire(castellan, { scopes: ['mcp'] })
    const bob = await hire(castellan, { scopes: ['mcp'] })
    await using hers = await new LiveClient(castellan, 'same-name', ann.key).open()
    await using his = await new LiveClient(castellan, 'same-name', bob.key).open()
    await using stranger = await new LiveClient(castellan, 'same-name', there).open()
    const id = await hers.run('poet', 'A poem, please.')
    for (const client of [his, stranger])
      assert.equal((await client.ask({ type: 'subscribe', execution_id: id })).type, 'error')
    const answer = await model.next()
    answer.say('The snow')
    await hers.hears('The snow')
    await aPieceElsewhere()
    answer.end()
    await hers.told('execution.completed')
    assert.deepEqual([his.deltas, stranger.deltas], [[], []])
  })
})

/** Enough for all that lies between two sockets of this machine to be full. */
const MEGABYTES = 24

async function guardrails(terms: GuardrailsInput, key = here): Promise<void> {
  await rest.must('PUT', '/api/guardrails', { body: terms, key })
}

/** Resolves once a piece was heard of what another model said after all that was said before: that would have been heard, too. */
async function aPieceElsewhere(): Promise<void> {
  await using client = await new LiveClient(castellan, 'elsewhere', there).open()
  await client.run('poet', 'A poem, please.')
  const answer = await model.next()
  answer.say('Well')
  await client.hears('Well')
  answer.end()
  await client.told('execution.completed')
}
