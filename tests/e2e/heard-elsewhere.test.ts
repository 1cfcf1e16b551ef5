import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { GuardrailsInput } from '@castellan/contracts'
import { hire } from '../../apps/castellan/src/api/rest/fixtures/people.ts'
import { until } from '../support/control-plane.ts'
import { type Node, type Nodes, nodesOn } from '../support/nodes.ts'
import { postgresForTests } from '../support/services.ts'
import { type DictatedModel, dictatedModel } from './fixtures/dictated-model.ts'
import { LiveClient } from './fixtures/live-client.ts'

const postgres = await postgresForTests()
const agent = { name: 'poet', llm_config: { provider: 'dictated', model: 'muse' } }

describe('clients of nodes that drive no run', { skip: postgres.skip, concurrency: false }, () => {
  let model: DictatedModel
  let nodes: Nodes
  let one: Node
  let two: Node
  let worker: Node
  /** The key of an administrator of another tenant, in which nothing is ever kept back. */
  let there: string
  before(async () => {
    model = await dictatedModel()
    nodes = await nodesOn(postgres.url)
    one = await start('--role', 'api')
    worker = await start('--role', 'worker', '--public-url', one.url)
    await one.rest.must('POST', '/api/tenants', { body: { id: 'acme' } })
    there = (await hire(one, { roles: ['admin'], tenant: 'acme' })).key
    for (const key of [one.key, there]) {
      await one.rest.must('POST', '/api/agents', { body: agent, key })
      await guardrails({ mode: 'advisory' }, key)
    }
  })
  after(async () => {
    await nodes?.[Symbol.asyncDispose]()
    await model?.[Symbol.asyncDispose]()
  })

  test('hear the first answer from its first piece on, in order, and all of it once it is there', async () => {
    await using client = await new LiveClient(one, 'first').open()
    const id = await client.run('poet', 'A poem, please.')
    const answer = await model.next()
    answer.think('Spring?')
    await client.hears('Spring?', 'm1.1.1', 'reasoning')
    for (const piece of ['The ', 'snow ', 'has ', 'gone \u{1f338}.']) {
      const before = client.heard('m1.1.1')
      answer.say(piece)
      await client.hears(before + piece)
    }
    answer.end()
    const whole = await client.told('agent.reasoning')
    assert.equal(whole.type === 'agent.reasoning' && whole.text, client.heard('m1.1.1'))
    assert.ok(client.deltas.every(each => each.execution_id === id))
    await client.told('execution.completed')
  })

  test('hear it on each of them, and nobody of another tenant, nor who may not see the run', async () => {
    two = await start('--role', 'api')
    const ann = await hire(one, { scopes: ['mcp'] })
    const bob = await hire(one, { scopes: ['mcp'] })
    await using hers = await new LiveClient(one, 'same', ann.key).open()
    await using again = await new LiveClient(two, 'same', ann.key).open()
    await using his = await new LiveClient(two, 'same', bob.key).open()
    await using stranger = await new LiveClient(two, 'same', there).open()
    const id = await hers.run('poet', 'A poem, please.')
    const answer = await model.next()
    assert.equal((await again.ask({ type: 'subscribe', execution_id: id })).type, 'done')
    for (const client of [his, stranger])
      assert.equal((await client.ask({ type: 'subscribe', execution_id: id })).type, 'error')
    answer.say('The snow ')
    await hers.hears('The snow ')
    for (let count = 1; again.deltas.length === 0; count++) {
      // Whoever comes in the middle of an answer is asked soon whether it wants it.
      const before = hers.heard('m1.1.1')
      answer.say(`${count} `)
      await hers.hears(`${before}${count} `)
    }
    await aPieceElsewhere()
    answer.end()
    await hers.told('execution.completed')
    assert.deepEqual([his.deltas, stranger.deltas], [[], []])
    assert.ok(hers.heard('m1.1.1').includes(again.deltas.map(({ text }) => text).join('')))
  })

  test('hear nothing while the guardrails would do something about an answer, and then again', async () => {
    await using client = await new LiveClient(one, 'careful').open()
    await guardrails({ mode: 'mixed' })
    await client.run('poet', 'A poem, please.')
    const careful = await model.next()
    careful.think('Spring?')
    careful.say('The snow')
    await aPieceElsewhere()
    careful.end()
    await client.told('execution.completed')
    assert.deepEqual(client.deltas, [])
    await heardAgain()
    const id = await client.run('poet', 'Another, please.')
    const answer = await model.next()
    answer.say('The ')
    await client.hears('The ')
    await guardrails({ mode: 'mixed' })
    answer.say('snow')
    await aPieceElsewhere()
    answer.end()
    await until('it has ended', () => client.events, events => events.some(each => each.type === 'execution.completed' && each.execution_id === id)) // prettier-ignore
    assert.equal(client.heard('m1.1.1'), 'The ')
    await heardAgain()
  })

  test('hear no secret that only the node knows that drives the run', async () => {
    const secret = 'sk-a-key-that-models-must-not-say'
    await one.rest.must('PUT', '/api/secrets/model-key', { body: { value: secret } })
    const keyed = { name: 'teller', llm_config: { provider: 'keyed', model: 'muse' } }
    await one.rest.must('POST', '/api/agents', { body: keyed })
    await using client = await new LiveClient(one, 'secretive').open()
    const id = await client.run('teller', 'What is your key?')
    const answer = await model.next()
    answer.say('It is sk-a-')
    await client.hears('It is ')
    answer.say(`${secret.slice('sk-a-'.length)}!`)
    await client.hears('It is [redacted]!')
    answer.end()
    const whole = await client.told('agent.reasoning')
    assert.equal(whole.type === 'agent.reasoning' && whole.text, 'It is [redacted]!')
    await client.told('execution.completed')
    const shown = [client.events, await one.rest.must('GET', `/api/runs/${id}/lines`)]
    assert.ok(!JSON.stringify(shown).includes(secret))
  })

  test('hear the answer anew when its process was killed in the middle and another goes on', async () => {
    await using client = await new LiveClient(one, 'killed').open()
    await client.run('poet', 'A poem, please.')
    const first = await model.next()
    first.say('The snow')
    await client.hears('The snow')
    worker.signal('SIGKILL')
    await worker.ended
    worker = await start('--role', 'worker', '--public-url', one.url)
    // Nobody takes it over before the lease is over.
    const second = await model.next().catch(() => model.next())
    second.say('All ')
    await client.hears('All ')
    second.say('is green.')
    await client.hears('All is green.')
    second.end()
    const whole = await client.told('agent.reasoning')
    assert.equal(whole.type === 'agent.reasoning' && whole.text, 'All is green.')
    await client.told('execution.completed')
    const attempts = client.deltas.map(({ attempt }) => attempt)
    assert.deepEqual(attempts, attempts.toSorted())
    assert.equal(new Set(attempts).size, 2)
  })

  test('hear nothing twice when the nodes answer and drive as well', async () => {
    for (const node of [one, two, worker]) {
      node.signal('SIGTERM')
      assert.equal((await node.ended).code, 0, node.errors())
    }
    one = await start()
    two = await start()
    await using here = await new LiveClient(one, 'both').open()
    await using other = await new LiveClient(two, 'both').open()
    for (const text of ['The snow has gone.', 'All is green.']) {
      here.deltas.length = other.deltas.length = 0
      await here.run('poet', 'A poem, please.')
      const answer = await model.next()
      answer.say(text.slice(0, 4))
      await here.hears(text.slice(0, 4))
      // Its run became known to the other client with the journal, perhaps after the answer had begun.
      const joined = other.deltas[0]?.from ?? 0
      answer.say(text.slice(4))
      await here.hears(text)
      answer.end()
      await here.told('execution.completed')
      assert.ok(text.slice(joined).startsWith(other.deltas.map(each => each.text).join('')))
    }
  })

  function start(...flags: readonly string[]): Promise<Node> {
    const dictated = { kind: 'openai-compatible', base_url: model.url }
    const providers = { dictated, keyed: { ...dictated, api_key: 'secret:model-key' } }
    return nodes.start('--models-providers', JSON.stringify(providers), ...flags)
  }

  async function guardrails(terms: GuardrailsInput, key = one.key): Promise<void> {
    await one.rest.must('PUT', '/api/guardrails', { body: terms, key })
  }

  /** Has the guardrails only record, and resolves once each node knows. */
  async function heardAgain(): Promise<void> {
    await guardrails({ mode: 'advisory' })
    await using client = await new LiveClient(one, 'again').open()
    await client.run('poet', 'A poem, please.')
    const answer = await model.next()
    for (; client.deltas.length === 0; await aPieceElsewhere()) answer.say('Well')
    answer.end()
    await client.told('execution.completed')
  }

  /** Resolves once a piece was heard of what a model said in the other tenant after all that was said before. */
  async function aPieceElsewhere(): Promise<void> {
    await using client = await new LiveClient(one, 'elsewhere', there).open()
    await client.run('poet', 'A poem, please.')
    const answer = await model.next()
    answer.say('Well')
    await client.hears('Well')
    answer.end()
    await client.told('execution.completed')
  }
})
