import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Approval, JournalEvent, List } from '@castellan/contracts'
import { until } from '../support/control-plane.ts'
import { type Node, nodesOn } from '../support/nodes.ts'
import { randomFrom } from '../support/random.ts'
import { type Answer, speaker } from '../support/raw-mcp.ts'
import { seed } from '../support/seed.ts'
import { postgresForTests } from '../support/services.ts'

const postgres = await postgresForTests()
const program = new URL('fixtures/asking-ledger.ts', import.meta.url).pathname

/** Milliseconds: a node counts as gone after six seconds without a sign of life, and the machine may be slow. */
const PATIENCE = 20_000
/** Milliseconds until a node is gone to the others is 20 seconds, and they look every five. */
const GONE = 60_000

/** Who runs the server: the node at which the call waits, or the one by which its client comes back. */
const owners = ['here', 'there'] as const
/** When the node at which the call waits is killed: before its client comes back, at some moment after that, or once the effect is there. */
const moments = ['before', 'meanwhile', 'after the effect'] as const

/** Writing needs the agreement of a person, asking is up to the server. */
function policyFor(servers: readonly string[]): string {
  const writes = servers.map(server => `Capability::"${server}/write"`).join(', ')
  return `@id("all") permit (principal, action, resource) unless { [${writes}].contains(resource) };
@id("write") @require_approval("lines are for ever") permit (principal, action, resource) when { [${writes}].contains(resource) };`
}

describe('the answer to a call that waits at a node which is killed', { skip: postgres.skip }, () => {
  for (const tool of ['ask', 'write'] as const)
    test(`(${tool === 'ask' ? 'asked by the server' : 'approved by a person'}) is never carried out twice, and its client is told what is known`, async () => {
      await using nodes = await nodesOn(postgres.url)
      const there = await nodes.start()
      const random = randomFrom(seed)
      const rounds = random.shuffled(moments).map(moment => ({ moment, owner: random.pick(owners) }))
      const names = rounds.map((_, round) => `ledger-${round}`)
      await there.rest.must('PUT', '/api/policies', { body: { files: { 'house.cedar': policyFor(names) } } })
      for (const [round, { owner, moment }] of rounds.entries()) {
        const about = `round ${round} of seed ${seed}: server ${owner}, killed ${moment}`
        const name = names[round]!
        const file = join(nodes.folder, name)
        const server = { name, transport: 'stdio', command: process.execPath, args: [program, file] }
        if (owner === 'there') await there.rest.must('POST', '/api/mcp-servers', { body: server })
        const here = await nodes.start()
        if (owner === 'here') await here.rest.must('POST', '/api/mcp-servers', { body: server })
        const call = { name: `${name}__${tool}`, arguments: { id: 'line', wait: random.int(0, 300) } }
        const asked = (await say(here, call)).message!.result!
        assert.equal(asked['resultType'], 'input_required', about)
        const [question] = Object.keys(asked['inputRequests'] as object) as [string]
        const inputResponses = { [question]: { action: 'accept', content: { approve: true } } }
        if (tool === 'write' && random.chance(0.5)) await approve(there, name)

        if (moment === 'before') await kill(here)
        const answering = say(there, { ...call, inputResponses, requestState: asked['requestState'] })
        if (moment === 'meanwhile') await delay(random.int(0, 600))
        if (moment === 'after the effect')
          await until(
            `${about}: it is written`,
            () => written(file),
            times => times > 0,
          )
        await kill(here)
        const { result, error } = (await answering).message!
        if (result) assert.deepEqual([result.content?.[0]?.text, written(file)], ['written', 1], about)
        else assert.match(error!.message, TOLD[moment], about)

        // Whoever was told to look, and makes the call anew, uses the approval once.
        if (tool === 'write') await say(there, call)
        assert.ok(written(file) <= 1, about)
      }
      // The other node puts down what became of them, once it is certain that their node is gone.
      const outcomes = await until('each call has an end', () => outcomesOf(there), all => all.every(outcome => outcome !== undefined), GONE) // prettier-ignore
      assert.ok(outcomes.includes('indeterminate'))
      assert.ok(
        outcomes.every(outcome => outcome === 'indeterminate' || outcome === 'ok'),
        outcomes.join(),
      )
      for (const name of names) assert.ok(written(join(nodes.folder, name)) <= 1, name)
    })
})

/** How each call ended that may have been sent; undefined when that is not known yet. */
async function outcomesOf({ rest }: Node): Promise<unknown[]> {
  const entries = await rest.all<JournalEvent>('/api/journal?topic=call.*')
  const calls = [...Map.groupBy(entries, ({ subject }) => subject).values()]
  return calls
    .filter(call => call.some(({ type }) => type === 'call.intended'))
    .map(call => call.find(({ type }) => type === 'call.ended')?.data['outcome'])
}

/** What the client is told when there is no outcome, by the moment of the end. */
const TOLD = {
  before: /no longer waits.* before you make it again/,
  meanwhile: /(no longer waits|nobody saw how it ended).* before you make it again/,
  'after the effect': /nobody saw how it ended.* before you make it again/,
} as const

/** As a client of 2026-07-28 that can be asked. */
async function say(node: Node, params: object): Promise<Answer> {
  const capabilities = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } }
  return (await speaker(node, '2026')).request('tools/call', { ...params, _meta: capabilities }, { patience: PATIENCE })
}

async function kill(node: Node): Promise<void> {
  node.signal('SIGKILL')
  await node.ended
}

async function approve(node: Node, server: string): Promise<void> {
  const { items } = await node.rest.must<List<Approval>>('GET', '/api/approvals?state=pending')
  const { id } = items.find(each => each.server === server)!
  await node.rest.must('POST', `/api/approvals/${id}/approve`, { body: {} })
}

/** How often a line was really written. */
function written(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).length : 0
}
