import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CallAnswer, CallRecord, List } from '@castellan/contracts'
import { fixturePath } from '../../apps/castellan/src/adapters/connector-mcp/fixtures/stdio-target.ts'
import { until } from '../support/control-plane.ts'
import { type Node, nodesOn } from '../support/nodes.ts'
import { processesWith } from '../support/processes.ts'
import { postgresForTests } from '../support/services.ts'

const postgres = await postgresForTests()

test(
  'a node that stood still for longer than its lease runs no second copy of a server, and no call is made twice',
  {
    skip: postgres.skip,
  },
  async () => {
    await using nodes = await nodesOn(postgres.url)
    const file = join(nodes.folder, 'effects')
    writeFileSync(file, '')
    const one = await nodes.start()
    const server = {
      transport: 'stdio',
      command: process.execPath,
      args: [fixturePath('ledger-server.ts'), 'stdio', file],
    }
    await one.rest.must('POST', '/api/mcp-servers', {
      body: { name: 'ledger', ...server, tools: { add: { effect: 'unsafe' } } },
    })
    const two = await nodes.start()
    const answers = new Map<string, Promise<CallAnswer | Unheard>>()
    const add = async (node: Node, id: string, wait = 0): Promise<CallAnswer | Unheard> => {
      const body = { name: 'ledger__add', args: { id, wait }, timeout: '300s' }
      const answer = node.rest.must<CallAnswer>('POST', '/api/calls', { body }).catch(unheard)
      answers.set(id, answer)
      return answer
    }
    const succeeds = async (node: Node, id: string) => assert.equal((await add(node, id)).outcome, 'ok', id)
    for (const [name, node] of [['one', one], ['two', two]] as const) await succeeds(node, `before ${name}`) // prettier-ignore
    const [before, ...others] = processesWith(file)
    assert.deepEqual(others, [])

    // Under way when it stops: of its own clients, and of those of the other node.
    void add(one, 'under way one', 2_000)
    void add(two, 'under way two', 2_000)
    const open = async () => (await two.rest.must<List<CallRecord>>('GET', '/api/calls')).items.filter(call => call.outcome === null).length // prettier-ignore
    await until('both are under way', open, count => count === 2)
    one.signal('SIGSTOP')
    // What it finds when it goes on, and believes to be its own to send.
    for (let n = 1; n <= 10; n++) void add(one, `while it stood still ${n}`)
    let tries = 0
    await until('the other takes over', () => add(two, `attempt ${++tries}`), ({ outcome }) => outcome === 'ok') // prettier-ignore
    for (let n = 1; n <= 5; n++) await succeeds(two, `after ${n}`)
    const taken = processesWith(file).filter(pid => pid !== before)
    assert.equal(taken.length, 1)

    one.signal('SIGCONT')

    await until('there is one', () => processesWith(file), pids => pids.length === 1) // prettier-ignore
    for (let n = 1; n <= 5; n++) for (const [name, node] of [['one', one], ['two', two]] as const) await succeeds(node, `again ${name} ${n}`) // prettier-ignore
    assert.deepEqual(processesWith(file), taken)
    await Promise.all(answers.values())
    const effects = readFileSync(file, 'utf8').trim().split('\n')
    assert.deepEqual(effects.toSorted(), [...new Set(effects)].toSorted(), 'nothing was done twice')
    for (const [id, answer] of answers) {
      const { outcome } = await answer
      const happened = effects.includes(id)
      if (outcome === 'ok') assert.ok(happened, `${id} was said to have happened`)
      else if (outcome !== 'indeterminate') assert.ok(!happened, `${id} was said to be ${outcome}`)
      // Sent by nobody until it went on, and not by the process that it had.
      if (id.startsWith('while') && outcome === 'ok') assert.equal(by(await answer), taken[0], id)
    }
    assert.equal((await answers.get('under way two'))!.outcome, 'indeterminate')
    assert.doesNotMatch(one.errors() + two.errors(), /"bug"/)
  },
)

/** What was asked of a node that stands still, by a connection that it finds to have been idle for too long when it goes on. */
interface Unheard {
  readonly outcome: 'unheard'
  readonly result: null
}

function unheard(error: unknown): Unheard {
  if (error instanceof TypeError) return { outcome: 'unheard', result: null }
  throw error
}

/** The process that made a call. */
function by({ result }: CallAnswer | Unheard): number {
  const [first] = (result as { readonly content: readonly { readonly text: string }[] }).content
  return Number(first!.text)
}
