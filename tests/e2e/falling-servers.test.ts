import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { CallAnswer } from '@castellan/contracts'
import { until } from '../support/control-plane.ts'
import { connect, revisions } from '../support/mcp-client.ts'
import { type Node, nodesOn } from '../support/nodes.ts'
import { postgresForTests } from '../support/services.ts'

const postgres = await postgresForTests()
const program = new URL('fixtures/falling-server.ts', import.meta.url).pathname
const NEWS = 'falling://news'
const END = 'falling://end'
const FALLS = 4

describe('a watched resource of a stdio server that falls again and again', { skip: postgres.skip }, () => {
  for (const how of ['started', 'subscribed'])
    test(`as soon as it is ${how} is heard of once for each change, also when its node is killed twice`, async () => {
      await using nodes = await nodesOn(postgres.url)
      const { folder } = nodes
      const fall = (times: number) => writeFile(join(folder, 'falls'), `${how}\n`.repeat(times))
      await fall(0)
      const first = await nodes.start()
      await first.rest.must('POST', '/api/mcp-servers', {
        body: {
          name: 'falling',
          transport: 'stdio',
          command: process.execPath,
          args: [program, folder],
          tools: { touch: { effect: 'unsafe' } },
        },
      })
      await touch(first, NEWS)
      const others = [await nodes.start(), await nodes.start()] as const
      await using one = await connect(others[0], revisions[0])
      await using two = await connect(others[1], revisions[1])
      const heard = [one, two].map(client => {
        const times: Record<string, number> = { [NEWS]: 0, [END]: 0 }
        client.setNotificationHandler('notifications/resources/updated', ({ params: { uri } }) => void times[uri]!++)
        return times
      })
      for (const uri of [NEWS, END]) await one.subscribeResource({ uri })
      await two.listen({ resourceSubscriptions: [NEWS, END] })
      let watchers: readonly Watcher[] = others.map((node, index) => ({ node, heard: heard[index]! }))
      await eachChangeIsHeardOnce(watchers)
      assert.equal((await starts(folder)).length, 1)

      const endOf = async (end: (owner: Node) => Promise<void>) => {
        const before = await starts(folder)
        await fall(FALLS)
        const owner = [first, ...others].find(({ pid }) => pid === before.at(-1)!.node)!
        await end(owner)
        watchers = watchers.filter(({ node }) => node !== owner || isAlive(owner.pid))
        const wanted = before.length + FALLS + 1
        for (let count = before.length; count < wanted; count++)
          await until('it is started again', () => starts(folder), all => all.length > count) // prettier-ignore
        await eachChangeIsHeardOnce(watchers)
        const after = await starts(folder)
        assert.equal(after.length, wanted)
        assertRests(after.slice(before.length))
      }
      const killed = async (owner: Node) => {
        owner.signal('SIGKILL')
        await owner.ended
      }
      await endOf(killed)
      // Now two nodes would open it again.
      await endOf(async () => void process.kill((await starts(folder)).at(-1)!.pid, 'SIGKILL'))
      await endOf(killed)
      assert.equal(watchers.length, 1)
      const [last, ...earlier] = (await starts(folder)).toReversed()
      assert.ok(isAlive(last!.pid))
      await until('nothing is left of the others', () => earlier.filter(({ pid }) => isAlive(pid)), left => left.length === 0) // prettier-ignore
    })
})

interface Watcher {
  readonly node: Node
  /** How often it was told of a change, by resource. */
  readonly heard: Record<string, number>
}

/** A change is told of once. Whoever has just been connected again tells besides that something may have changed; that comes to an end. */
async function eachChangeIsHeardOnce(watchers: readonly Watcher[]): Promise<void> {
  let [turn, clean] = [0, 0]
  const round = async () => {
    const before = watchers.map(({ heard }) => ({ ...heard }))
    const since = (uri: string) => watchers.map(({ heard }, index) => heard[uri]! - before[index]![uri]!)
    // By each in turn: whoever could call knows that it stands.
    const { node } = watchers[turn++ % watchers.length]!
    for (const uri of [NEWS, END]) await touch(node, uri)
    const told = () => [...since(NEWS), ...since(END)]
    await until('everybody hears of it', told, all => all.every(times => times > 0))
    clean = since(NEWS).every(times => times === 1) ? clean + 1 : 0
    return since(NEWS)
  }
  await until('each change is heard once', round, () => clean === 5)
}

/** However short it lived, each time a node rests longer before it starts it again. */
function assertRests(all: readonly Start[]): void {
  for (const own of Map.groupBy(all, ({ node }) => node).values())
    own.slice(1).forEach(({ at }, index) => {
      const rest = at - own[index]!.at
      assert.ok(rest >= 120 * 2 ** index, `rest ${index} was ${rest} ms: ${JSON.stringify(own)}`)
    })
}

interface Start {
  readonly pid: number
  readonly node: number
  readonly at: number
}

async function starts(folder: string): Promise<Start[]> {
  const text = await readFile(join(folder, 'starts'), 'utf8').catch(() => '')
  return text.split('\n').filter(Boolean).map(line => JSON.parse(line) as Start) // prettier-ignore
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Has the server say that a resource changed. */
async function touch(node: Node, uri: string): Promise<void> {
  const { outcome } = await node.rest.must<CallAnswer>('POST', '/api/calls', { body: { name: 'falling__touch', args: { uri } } }) // prettier-ignore
  assert.equal(outcome, 'ok')
}
