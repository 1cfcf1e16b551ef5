import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openClient } from '../load/mcp-client.ts'
import type { Finding, Measurement, Setting } from '../measurement.ts'
import { median } from '../report/statistics.ts'
import { startCastellan } from '../stage/castellan.ts'
import { scratchFolder } from '../stage/scratch.ts'
import { mcpOf, register, startEcho } from '../stage/servers.ts'

export const startUp: Measurement = {
  name: 'start-up',
  about:
    'From the start of the process to its first answers, on data that has a catalogue of 100 tools and a grant; the server ' +
    'itself is not asked. Beside it, in turns, a Node that does nothing.',
  run: measure,
}

const repetitions = { full: 15, quick: 3 }

async function measure({ form, say }: Setting): Promise<Finding> {
  const folder = scratchFolder('start-up')
  const times: Times[] = []
  const nodes: number[] = []
  let tools = 0
  await using echo = await startEcho('2026-07-28', 100)
  const key = await prepared(folder, echo)
  for (let repetition = 0; repetition < repetitions[form]; repetition++) {
    nodes.push(await emptyNode())
    const started = performance.now()
    const since = () => performance.now() - started
    await using castellan = await startCastellan({ folder })
    const announced = since()
    const client = await openClient(mcpOf(castellan, key), '2026-07-28')
    tools = ((await client.request('tools/list'))['tools'] as readonly unknown[]).length
    const listed = since()
    client.drop()
    const ready = (await fetch(`${castellan.url}/ready`)).status === 200 ? since() : Number.NaN
    times.push({ announced, listed, ready })
  }
  const [announced, listed, ready] = (['announced', 'listed', 'ready'] as const).map(what =>
    median(times.map(each => each[what])),
  ) as [number, number, number]
  const node = median(nodes)
  say(
    `announced ${announced.toFixed(0)} ms, listed ${listed.toFixed(0)} ms, ready ${ready.toFixed(0)} ms, Node ${node.toFixed(0)} ms`,
  )
  return {
    tables: [
      {
        title: `Milliseconds from the start of the process, medians of ${times.length}`,
        columns: ['says where it answers', 'tools/list answered', '/ready answered after it', 'Node that does nothing'],
        rows: [[announced, listed, ready, node]],
      },
    ],
    numbers: {
      'start-up announced ms': announced,
      'start-up listed ms': listed,
      'start-up ready ms': ready,
      'start-up listed / empty Node': listed / node,
    },
    wrong: tools === 100 ? [] : [`start-up: ${tools} of 100 tools were listed`],
  }
}

interface Times {
  readonly announced: number
  readonly listed: number
  readonly ready: number
}

async function prepared(folder: string, echo: Parameters<typeof register>[2]): Promise<string> {
  await using castellan = await startCastellan({ folder })
  const key = await castellan.member()
  await register(castellan, 'many', echo)
  return key
}

async function emptyNode(): Promise<number> {
  const started = performance.now()
  await once(spawn(process.execPath, ['-e', '0']), 'close')
  return performance.now() - started
}
