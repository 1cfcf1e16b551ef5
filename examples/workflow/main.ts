// Three orders are shipped: a small one, of which nobody is asked; a large one, to which someone agrees; and one for which no wagon is
// left. That one fails when everything is packed, and what was packed goes back to where it was, the last first.
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeResult } from '@castellan/contracts'
import { filesIn, onStage } from '../stage.ts'

interface Ended {
  readonly nodes: Readonly<Record<string, NodeResult>>
  readonly output: unknown
  readonly compensations?: readonly { readonly node: string; readonly state: string }[]
}

const source = await readFile(join(import.meta.dirname, 'shipping.yaml'), 'utf8')
const places = {
  orders: { 'small.txt': 'nails', 'large.txt': 'bolts,nuts', 'late.txt': 'screws,hinges' },
  stock: {
    nails: '90 of iron',
    bolts: '12 of steel',
    nuts: '12 of steel',
    screws: '40 of brass',
    hinges: '4 of brass',
  },
  dock: {},
  yard: { grey: 'a wagon', red: 'a wagon' },
  road: {},
}

await onStage({}, async ({ client, folder, say }) => {
  for (const [place, things] of Object.entries(places)) {
    await mkdir(join(folder, place))
    for (const [name, text] of Object.entries(things)) await writeFile(join(folder, place, name), text)
  }
  await client.servers.create(filesIn(folder))
  await client.workflows.put('shipping', { source })

  const small = await ship('small', 'grey')
  assert.deepEqual([small.state, small.error, small.questions], ['completed', null, []])
  assert.deepEqual([small.nodes['small']!.state, small.nodes['ask']!.state], ['done', 'skipped'])
  assert.deepEqual(small.output, {
    packed: [moved('stock/nails', 'dock/nails')],
    left: moved('yard/grey', 'road/small'),
  })
  assert.deepEqual(small.calls, ['order ok', 'pack[0].take ok', 'leave ok'])
  assert.deepEqual(await things(), {
    stock: ['bolts', 'hinges', 'nuts', 'screws'],
    dock: ['nails'],
    yard: ['red'],
    road: ['small'],
  })

  const large = await ship('large', 'red')
  assert.deepEqual([large.state, large.error, large.questions], ['completed', null, ['Ship bolts and nuts?']])
  assert.deepEqual([large.nodes['small']!.state, large.nodes['ask']!.state], ['skipped', 'done'])
  assert.deepEqual(large.output, {
    packed: [moved('stock/bolts', 'dock/bolts'), moved('stock/nuts', 'dock/nuts')],
    left: moved('yard/red', 'road/large'),
  })
  assert.deepEqual(large.calls, ['order ok', 'pack[0].take ok', 'pack[1].take ok', 'leave ok'])
  const left = { stock: ['hinges', 'screws'], dock: ['bolts', 'nails', 'nuts'], yard: [], road: ['large', 'small'] }
  assert.deepEqual(await things(), left)

  const late = await ship('late', 'red')
  assert.deepEqual([late.state, late.questions], ['failed', ['Ship screws and hinges?']])
  assert.match(late.error!, /^the node "leave" failed: .*no such file/)
  assert.deepEqual([late.nodes['pack']!.state, late.nodes['leave']!.state], ['done', 'failed'])
  assert.deepEqual(late.compensations, [
    { node: 'pack[1].take', state: 'done' },
    { node: 'pack[0].take', state: 'done' },
  ])
  assert.deepEqual(late.calls, [
    'order ok',
    'pack[0].take ok',
    'pack[1].take ok',
    'leave error',
    'pack[1].take:undo ok',
    'pack[0].take:undo ok',
  ])
  assert.deepEqual(await things(), left)
  for (const thing of ['screws', 'hinges'] as const)
    assert.equal(await readFile(join(folder, 'stock', thing), 'utf8'), places.stock[thing])
  say('two orders left; the third was packed, found no wagon, and lies in stock again')

  /** Follows a run in the journal from its beginning to its end, and agrees to what it asks. */
  async function ship(order: string, wagon: string) {
    say(`${order} order`)
    const before = await things()
    const { id } = await client.workflows.start('shipping', { input: { order, wagon } })
    const questions: (string | undefined)[] = []
    const calls: string[] = []
    const journal = client.journal.tail({ stream: `run:${id}`, after: 0 }, AbortSignal.timeout(30_000))
    for await (const { type, data } of journal) {
      if (type === 'wait.requested') {
        const { waits = [], nodes } = await client.runs.get(id)
        questions.push(...waits.map(({ question }) => question))
        // Until someone agrees nothing is begun, and nothing has moved.
        assert.equal(nodes!['pack']!.state, 'pending')
        assert.deepEqual(await things(), before)
        say(`  ${questions.at(-1)} Yes.`)
        await client.runs.answer(id, 'ask', { agrees: true })
      }
      if (type === 'tool.ended') {
        calls.push(`${String(data['step'])} ${String(data['outcome'])}`)
        say(`  ${calls.at(-1)}`)
      }
      if (type === 'run.completed' || type === 'run.failed') break
    }
    const { state, error, correlation_id, output } = await client.runs.get(id)
    // Each went through the gate, which wrote down that it would be made before it was.
    const { items } = await client.journal.list({ correlation_id, limit: 200 })
    const count = (type: string) => items.filter(entry => entry.type === type).length
    assert.deepEqual([count('call.intended'), count('call.ended')], [calls.length, calls.length])
    say(`  => ${state}${error === null ? '' : `: ${error}`}`)
    return { state, error, questions, calls, ...(output as Ended) }
  }

  /** What lies where. */
  async function things(): Promise<Record<string, string[]>> {
    const look = async (place: string) => [place, (await readdir(join(folder, place))).toSorted()] as const
    return Object.fromEntries(await Promise.all(['stock', 'dock', 'yard', 'road'].map(look)))
  }
})

function moved(from: string, to: string): string {
  return `Successfully moved ${from} to ${to}`
}
